print("package", __name__, __path__)
