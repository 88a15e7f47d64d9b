# expect: passed
def deep(n) = n.zero? ? 0 : 1 + deep(n - 1)
puts deep(5000)
