try:
    {}["missing"]
except KeyError:
    raise ValueError("alone") from None
