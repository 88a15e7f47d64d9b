class Phoenix:
    def __del__(self):
        print("again")
        globals()["risen"] = self
p = Phoenix()
del p
