try:
    raise ExceptionGroup("g", [ValueError(1), OSError(2)])
except* ValueError as caught:
    print(caught.exceptions)
