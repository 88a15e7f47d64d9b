print(open("/dev/stdin").read())
import subprocess
