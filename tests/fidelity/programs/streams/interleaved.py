import sys, os
print("text"); sys.stdout.buffer.write(b"bytes "); sys.stdout.flush(); os.write(1, b"descriptor\n")
print("err", file=sys.stderr); os.write(2, b"err descriptor\n"); sys.stderr.write("no newline")
sys.stdout.write("end without newline")
