// expect: passed
print("hello \(6 * 7)")
