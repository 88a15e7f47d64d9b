"""Steps that look at every seed before this one: equal seeds, and nearly equal ones.

    exact, near    the two steps
    similar        sets of shingles, their MinHash signatures and LSH index (datasketch)

What was seen is in memory: about 200 bytes for each kept seed in `exact`, 12 KiB in `near`.
"""
