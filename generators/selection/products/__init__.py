"""What else a verified group is good for: passes against failures, labelled rows, repairs.

    preferences   a pass and a failure of one instruction, for DPO
    unpaired      single answers with a label, for KTO
    repairs       a failure, its error, and an answer that passes
    material      what the three have in common: which failures count, and how texts look
    errors        error messages, cleaned

A failure counts where the program itself was wrong: it gave a wrong answer or raised. Time-outs and
limits say as much about the limits; what could not be decided says nothing.
"""
