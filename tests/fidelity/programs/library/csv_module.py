import csv, io, sys
rows = list(csv.DictReader(io.StringIO("a,b\n1,\"x,y\"\n")))
csv.writer(sys.stdout).writerows([[1, "a b", 'q"q'], ["é", None, 2.5]])
print(rows, csv.list_dialects(), csv.field_size_limit())
csv.register_dialect("mine", delimiter="|")
