import contextlib, io, sys
with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(sys.stdout):
    print("captured")
    print("error", file=sys.stderr)
print(repr(out.getvalue()))
