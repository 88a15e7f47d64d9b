# only a comment


# another
