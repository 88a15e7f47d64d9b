// expect: passed
print("naïve 你好 🎉 łódź")
