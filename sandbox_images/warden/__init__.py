"""The warden: PID 1 of every sandbox.

It takes one job at a time from the engine, runs it in a forked child that has lost every
privilege, kills and reaps whatever is left, reports, and wipes the sandbox before the next job.
For Python the warden is the zygote: the child needs no new interpreter.

Promised: between two jobs no process and no file survives, or the warden exits and the engine
throws the sandbox away. Not promised: a judgement. The warden measures; the engine judges.
"""
