try:
    exit(3)
except SystemExit as error:
    import sys
    print(error.code, sys.stdin.closed)
