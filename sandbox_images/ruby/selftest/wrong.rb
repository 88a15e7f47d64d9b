# expect: wrong_answer
puts "hello #{6 * 7}"
