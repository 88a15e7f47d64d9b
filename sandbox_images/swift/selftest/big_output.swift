// expect: passed
for i in 0..<20000 { print(i) }
