// Its first line is yet to come.
