# expect: output_limit
loop { puts "more and more and more" * 1000 }
