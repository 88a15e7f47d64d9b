"""``python -m warden``: the first process of a sandbox. See `warden.serve` for its options."""

import sys

from . import serve

# `listen` comes back only in a forked child that is to run a Python program. The program is
# executed from here so that no frame but this module's stands below it.
program, error = serve.listen(), None
# The token waits in the loop's iterator, where no name and no frame leads to it.
for token in program.tokens():
    if token:
        break
    try:
        exec(program.code, program.namespace)
    except BaseException as raised:
        error = raised
tracer, profiler = sys.gettrace(), sys.getprofile()
sys.settrace(None)
sys.setprofile(None)
leave = program.end(error, traced=(tracer or profiler) is not None, token=token)
# It came back: the interpreter is to end as it ends. No name here may hold what the sample made.
del program, error, token
if tracer is not None or profiler is not None:
    sys.settrace(tracer)
    sys.setprofile(profiler)
del tracer, profiler
raise leave
