"""What moves records through a recipe: one store with a queue for each stage, and exports.

    input ─ queue ─ stage 1 ─ queue ─ ... ─ stage k ─ queue ─ verify ─► exports

What a stage made of a record, the records for the next queue and the ack are one transaction
(`veristone.queues.base`): so a run that is killed anywhere ends with the same records as one that
was left alone, and of two workers that hold the same record the first decides. `chain` is the open
queues, `work` the loop of a stage and what it does, `folder` what lies in a run's folder.
"""
