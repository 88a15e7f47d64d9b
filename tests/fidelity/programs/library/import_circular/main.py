try:
    import one
except ImportError as error:
    print(type(error), error.name, error.path)
