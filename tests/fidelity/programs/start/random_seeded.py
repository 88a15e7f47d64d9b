import random
random.seed(42)
print(random.random(), random.randint(0, 10**9), random.sample(range(100), 5), random.choices("abc", k=5))
print(random.Random("seed").random(), random.gauss(0, 1), random.shuffle([1, 2]))
