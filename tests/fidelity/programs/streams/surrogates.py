import sys
print("undecodable: \udce4\udcff")
try:
    print("lone \ud800")
except UnicodeEncodeError as error:
    print(error)
print("lone \ud800", file=sys.stderr)
sys.stdout.buffer.write(b"\xff\xfe raw\n")
