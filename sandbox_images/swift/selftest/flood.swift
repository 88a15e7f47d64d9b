// expect: output_limit
while true { print("more and more and more") }
