print("a", "b
