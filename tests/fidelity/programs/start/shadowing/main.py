import random, helper, string
print(random.__file__, random.value, string.digits)
