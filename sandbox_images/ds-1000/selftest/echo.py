# expect: passed
import sys

import numpy

sys.stdout.write(sys.stdin.read())
