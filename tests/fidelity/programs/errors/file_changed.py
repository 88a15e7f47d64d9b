with open(__file__, "w") as file:
    file.write("# other text\n" * 5)
raise ValueError("wrong source lines")
