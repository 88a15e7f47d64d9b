import sys
text = sys.stdin.read()
print(ascii(text)); print(text)
