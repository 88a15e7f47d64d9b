try:
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("from") from error
except ValueError:
    raise TypeError("during")
