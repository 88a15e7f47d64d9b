// expect: cpu_timeout
var i: UInt = 0
while true { i = i &* 3 &+ 1; if i == 42 { print(i) } }
