for x in y:
    # to do
