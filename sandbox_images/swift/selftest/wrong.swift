// expect: wrong_answer
print("hello \(6 * 7)")
