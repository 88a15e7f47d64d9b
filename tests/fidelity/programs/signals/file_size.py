import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with open("big", "wb", buffering=0) as f:
        print(f.write(b"x" * 5000))
        f.write(b"x" * 5000)
except OSError as error:
    print(error)
