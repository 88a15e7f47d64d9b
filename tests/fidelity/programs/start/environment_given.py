import os, time
print(os.environ["GREETING"], os.environb[b"GREETING"], os.getenv("EMPTY"), "EMPTY" in os.environ)
print(list(os.environ)[-3:])
print(os.popen("echo $GREETING").read())
