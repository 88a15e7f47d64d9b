"""``python -m warden``: the first process of a sandbox. See `warden.serve` for its options."""

from . import python_main, serve

# `listen` comes back only in a forked child that is to run a Python program. The program is
# executed from here so that one frame, this module's, stands below it, and no more.
program, status = serve.listen(), None
try:
    exec(program.code, program.namespace)
except BaseException as error:
    status = python_main.exit_status(error, skip=1)
del program
python_main.finish(status or 0)
