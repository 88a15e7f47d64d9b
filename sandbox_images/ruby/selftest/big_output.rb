# expect: passed
20000.times { |i| puts i }
