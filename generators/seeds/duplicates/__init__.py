"""Steps that look at every seed before this one: equal seeds, and nearly equal ones.

    exact, near    the two steps
    similar        sets of shingles, their MinHash signatures and LSH index (datasketch)
    kept           what is remembered of kept seeds, on disk

Exact duplicates are looked up on disk. Near-duplicates are looked up in an index in memory, which
is bounded by the number of kept seeds, see `near`.
"""
