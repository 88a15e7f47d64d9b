import pprint, textwrap, string, difflib, shlex
pprint.pprint({"key%d" % i: list(range(i)) for i in range(12)}, width=40)
print(textwrap.fill("some words " * 10, 30), string.Template("$a ${b}").substitute(a=1, b=2), shlex.split("a 'b c'"))
print("\n".join(difflib.unified_diff("a b c".split(), "a x c".split(), lineterm="")), difflib.get_close_matches("appel", ["apple", "ape"]))
