# Tries: dump a core that a handler of the host would pick up.
import os
import resource

hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("raised the limit")
except (OSError, ValueError):
    pass
os.abort()
