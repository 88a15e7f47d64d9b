import resource, threading
resource.setrlimit(resource.RLIMIT_STACK, (16 << 20, 64 << 20))
print(resource.getrlimit(resource.RLIMIT_STACK))
