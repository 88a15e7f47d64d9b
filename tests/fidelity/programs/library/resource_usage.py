import resource
u = resource.getrusage(resource.RUSAGE_SELF); c = resource.getrusage(resource.RUSAGE_CHILDREN)
print(u.ru_utime < 1, c.ru_utime, c.ru_maxrss)
