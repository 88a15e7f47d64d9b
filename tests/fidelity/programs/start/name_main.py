if __name__ == "__main__":
    print("main")
else:
    print("module", __name__)
