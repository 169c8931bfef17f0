// Its first file is yet to come.
