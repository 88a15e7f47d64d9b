import sys, enum
class Code(enum.IntEnum):
    BAD = 6
sys.exit(Code.BAD)
