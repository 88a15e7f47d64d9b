import runpy, sys
print(runpy.run_path("main.py", run_name="other")["x"] if __name__ == "__main__" else "inner")
x = 5
