input("nothing comes ")
