# Tries: compute for ever.
while True:
    pass
