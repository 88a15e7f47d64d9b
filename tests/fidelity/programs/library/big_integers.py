import sys
n = 3 ** 5000
print(n % (10 ** 9 + 7), n.bit_length(), pow(3, -1, 11), int("7" * 300) // 13)
sys.set_int_max_str_digits(0)
print(len(str(2 ** 20000)))
print((-7) // 2, -7 % 3, divmod(-7, 2), round(2.5), round(-1.5), 0.1 + 0.2, 1e308 * 10, float("nan") == float("nan"))
