print("é"
