import re
print(re.findall(r"(?i)\b[a-z]+\b", "The Quick brown"), re.sub(r"(\w)(\w)", r"\2\1", "abcd"), re.split(r"[,;]\s*", "a, b;c"))
print(re.compile(r"(?P<y>\d{4})").search("in 2024").groupdict(), re.escape("a.b"), re.compile("x", re.DEBUG))
try:
    re.compile("(")
except re.error as error:
    print(error)
print(re.fullmatch(r"\w+", "é☃"))
