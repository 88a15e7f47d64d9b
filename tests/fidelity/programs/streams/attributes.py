import sys
for stream in (sys.stdin, sys.stdout, sys.stderr):
    print(repr(stream), stream.encoding, stream.errors, stream.newlines, stream.line_buffering, stream.write_through)
    print(stream.name, stream.mode, stream.fileno(), stream.isatty(), stream.readable(), stream.writable(), stream.seekable(), stream.closed)
    print(repr(stream.buffer), stream.buffer.name, stream.buffer.mode, repr(stream.buffer.raw), stream.buffer.raw.closefd)
print(sys.__stdin__ is sys.stdin, sys.__stdout__ is sys.stdout, sys.__stderr__ is sys.stderr)
print(vars(sys.stdout), type(sys.stdout.buffer))
