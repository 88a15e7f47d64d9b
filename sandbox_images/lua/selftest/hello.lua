-- expect: passed
print("hello " .. 42)
