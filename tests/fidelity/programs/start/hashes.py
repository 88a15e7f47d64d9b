print(hash("text"), hash(b"bytes"), hash(1.5), hash((1, "a")), hash(None) == hash(None))
print({"banana", "apple", "cherry", "date", "elderberry"})
print(set("the quick brown fox jumps over the lazy dog"))
print(frozenset(["x", "y", "z"]), {1, 2, 3} | {"a"}, list({f"k{i}": i for i in range(5)}))
