# expect: passed
puts "naïve 你好 🎉 łódź"
