"""Selection: from verified responses to what a student learns from.

    responses.jsonl ── groups ── gates ── choice ── duplicates ── decontamination ── student ── rows
                                  │                                                     └── products
                       scoring (mutants, agreement, repeats; asks the verifier)

    groups        responses of one instruction stand together; a file of millions is streamed
    gates         what a passing response must be to count; `asserts` reads its tests
    scoring       how strong its tests are, and who agrees with it, by more runs in sandboxes
    choice        one of several, or a few
    duplicates    near-duplicates across instructions; `trees` and `names` say what is compared
    decontamination  benchmarks' tasks go no further
    student       the text that a student sees; `sections` and `comments` take answers apart
    products      pairs for preference training, labelled rows, repairs
    run           all of it, with the funnel

Everything is decided by the record, the recipe and hashes of ids; only duplicates depend on order,
which is that of ids. Every response that was read is selected or rejected, with a reason, once.
"""
