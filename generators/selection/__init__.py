"""Selection: from verified responses to what a student learns from.

    responses.jsonl ── groups ── gates ── choice ── duplicates ── decontamination ── formatting
                                   │                                                     │
                  scoring (mutants, agreement, repeats; asks the verifier)   rows and products

    groups           responses of one instruction stand together; a file of millions is streamed
    gates            what a passing response must be to count
    mutants, scoring how strong its tests are, and who agrees with it, by more runs in sandboxes
    choice           one of several, or a few
    duplicates       near-duplicates across instructions
    formatting       the text that a student sees
    products         pairs for preference training, labelled rows, repairs
    outputs          the files, and the counts of the funnel
    run              all of it

Everything is decided by the record, the recipe and hashes of ids; only duplicates depend on order,
which is that of ids. Every response that was read is selected or rejected, with a reason, once.
"""
