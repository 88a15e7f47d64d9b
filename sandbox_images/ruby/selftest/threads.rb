# expect: passed
total, lock = 0, Mutex.new
4.times.map { Thread.new { 1000.times { lock.synchronize { total += 1 } } } }.each(&:join)
puts total
