-- expect: wrong_answer
print("hello " .. 42)
