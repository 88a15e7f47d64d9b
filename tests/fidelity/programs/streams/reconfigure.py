import sys
sys.stdout.reconfigure(encoding="ascii", errors="xmlcharrefreplace", line_buffering=True)
print("snow ☃")
sys.stdin.reconfigure(newline=None)
print(repr(sys.stdin.read()))
