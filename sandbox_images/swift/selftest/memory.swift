// expect: memory_limit signalled
var held: [[UInt8]] = []
while true { held.append([UInt8](repeating: 1, count: 1 << 20)) }
