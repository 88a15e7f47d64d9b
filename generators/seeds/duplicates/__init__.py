"""Steps that look at every seed before this one: equal seeds, and nearly equal ones.

    exact, near         the two steps
    greedy              the rule that both follow, and LSH buckets
    shingles, minhash   what is known of a seed, computed in worker processes
    ragged              sets of hashes, and their Jaccard similarity
    index, segments     what is remembered of kept seeds, on disk
    files               how files change so that a kill does no harm
    reference           datasketch in place of minhash, segments and buckets

Memory is that of a part, whatever the number of parts; the rest is memory-mapped files, which the
system keeps in memory as far as there is room. For each kept seed of 45 shingles near-duplicates
take about 0.5 KB of disk, exact duplicates 64 bytes; half as much again, at most as much, for some
parts after a merge, until nothing can ask for what was there before.
"""
