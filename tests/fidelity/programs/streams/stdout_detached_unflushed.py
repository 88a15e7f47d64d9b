import sys
buffer = sys.stdout.detach()
buffer.write(b"raw, never flushed by hand\n")
