import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event in ("open", "compile", "import") else None)
open(__file__).close(); compile("1", "x", "eval")
print(seen)
