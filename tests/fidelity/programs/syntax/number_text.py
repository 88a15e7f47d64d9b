x = 1_000_
y = 12abc
