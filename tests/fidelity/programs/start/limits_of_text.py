import sys
print(sys.get_int_max_str_digits(), sys.maxunicode, sys.maxsize, sys.byteorder, sys.float_info.max)
try:
    str(10 ** 5000)
except ValueError as error:
    print(error)
