open("late.py", "w").write("x = 1")
import late
print(late.x, late.__file__)
import os
print(sorted(os.listdir("__pycache__")) == [f"late.{__import__('sys').implementation.cache_tag}.pyc"])
