# expect: passed
count = gets.to_i
puts gets.split.first(count).sum(&:to_i)
