"""What moves records through a recipe: queues between stages, a store of results, exports.

    input ─ queue ─ stage 1 ─ queue ─ ... ─ stage k ─ queue ─ verify
                       │                      │                 │
                       └──────────────────────┴─────────────────┴──► store ──► exports

`store` says why a run that is killed anywhere ends with the same records as one that was left
alone; `worker` is the loop of a stage; `folder` is what lies in a run's folder.
"""
