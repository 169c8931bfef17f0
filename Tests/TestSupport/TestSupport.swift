// yet to come
