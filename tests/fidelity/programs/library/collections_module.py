import collections, heapq, bisect, array, copy, types
d = collections.defaultdict(list); d["a"].append(1)
print(d, collections.Counter("mississippi").most_common(2), collections.deque([1, 2, 3], maxlen=2), collections.OrderedDict(a=1))
print(collections.ChainMap({"a": 1}, {"b": 2})["b"], heapq.nsmallest(2, [3, 1, 2]), bisect.bisect([1, 2, 3], 2), array.array("i", [1, 2]))
print(types.SimpleNamespace(a=1), types.MappingProxyType({"a": 1}), copy.deepcopy({"a": [1]}))
