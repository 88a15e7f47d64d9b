print(f"{3.14159:.2f} {'x':>5} {1000000:,} {255:#x} {0.00001:g} {'a'!r:^7} {1+1=} {{}}", "%05d|%-5s|%e" % (42, "a", 12345.678))
print("{:>{w}}".format("r", w=4), format(True, "d"), f"{'nested ' + f'{1}'}", "é".encode(), b"\xc3\xa9".decode(), "ß".upper(), "İ".lower().encode())
