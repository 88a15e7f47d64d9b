"""From the files of a run to facts: what each part of the report is made of."""
