# expect: passed
puts "hello #{6 * 7}"
