"""Functions that say nothing about where they come from.

A benchmark task that one of these solves ("return the length of a string") is solved by half of all
programs, and no reason to reject one. StarCoder2's seed filter had four such solutions on an allow
list; this is the class of them: arguments handed back, one operator, one built-in or one method.
"""

from collections.abc import Iterator

__all__ = ["expressions"]

_ONE = """
a ; not a ; -a ; abs(a) ; len(a) ; sum(a) ; min(a) ; max(a) ; sorted(a) ; any(a) ; all(a)
sorted(a, reverse=True) ; sorted(a)[::-1] ; a[::-1] ; list(a) ; tuple(a) ; set(a) ; str(a)
int(a) ; float(a) ; bool(a) ; round(a) ; repr(a) ; type(a)() ; dict(a) ; sorted(set(a))
list(set(a)) ; len(set(a)) ; len(str(a)) ; str(a)[::-1] ; a[0] ; a[-1] ; a[1:] ; a[:-1] ; a + 1
a - 1 ; a + a ; a * 2 ; a / 2 ; a // 2 ; a % 2 ; a % 2 == 0 ; a % 2 == 1 ; a > 0 ; a < 0 ; a >= 0
a * a ; a ** 2 ; a ** 3 ; a * a * a ; 2 ** a if a < 999 else 0 ; a ** 0.5 ; a.upper() ; a.lower()
a.title() ; a.capitalize() ; a.strip() ; a.split() ; a.swapcase() ; a.isdigit() ; a.isalpha()
a.isupper() ; a.islower() ; a.isalnum() ; a.copy() ; a.keys() ; a.values() ; a.items()
"".join(a) ; " ".join(a) ; ",".join(a) ; "".join(reversed(a)) ; sum(a) / len(a)
list(map(str, a)) ; list(map(int, a)) ; [x for x in a if x] ; [len(x) for x in a]
[x[0] for x in a] ; [x for y in a for x in y] ; [a] ; range(a) ; range(1, a + 1)
list(enumerate(a)) ; bin(a) ; bin(a)[2:] ; hex(a) ; chr(a) ; ord(a) ; {x: 0 for x in a}
list(dict.fromkeys(a)) ; len(a) == len(set(a)) ; " ".join(a.split()) ; "".join(a.split())
"""
_TWO = """
a ; b ; a + b ; a - b ; b - a ; a * b ; a / b ; b / a ; a // b ; b // a ; a % b ; b % a
a ** b if -99 < b < 999 else 0 ; b ** a if -99 < a < 999 else 0 ; a & b ; a | b ; a ^ b ; a == b
a != b ; a < b ; a > b ; a <= b ; a >= b ; a is b ; a in b ; b in a ; min(a, b) ; max(a, b)
(a, b) ; [a, b] ; [a] + [b] ; a and b ; a or b ; len(a) + len(b) ; len(a) == len(b) ; a[b] ; b[a]
a[:b] ; a[b:] ; a[-b:] ; a[::b] ; a.count(b) ; b.count(a) ; a.index(b) ; a.find(b) ; a.split(b)
b.join(a) ; a.join(b) ; a.startswith(b) ; a.endswith(b) ; b.startswith(a) ; a.strip(b)
a.replace(b, "") ; a * len(b) ; set(a) & set(b) ; set(a) | set(b) ; set(a) - set(b)
set(a) ^ set(b) ; sorted(a) == sorted(b) ; set(a) == set(b) ; a.get(b) ; dict(zip(a, b))
list(zip(a, b)) ; divmod(a, b) ; round(a, b) ; range(a, b) ; range(a, b + 1)
[x + y for x, y in zip(a, b)] ; sum(a) + sum(b) ; abs(a - b) ; {**a, **b} ; a + [b] ; [b] + a
[x for x in a if x != b] ; [x for x in a if x in b] ; [x for x in a if x not in b] ; a[:len(b)]
int(a, b) ; a * b / 2
"""
_THREE = """
a ; b ; c ; a + b + c ; a * b * c ; a + b - c ; a - b - c ; min(a, b, c) ; max(a, b, c)
(a, b, c) ; [a, b, c] ; a * b + c ; (a + b) * c ; a + b * c ; a == b == c ; a < b < c
sorted([a, b, c]) ; (a + b + c) / 3 ; pow(a, b, c) ; a[b:c] ; a[b:c + 1] ; a[b] ; a[c]
a.replace(b, c) ; range(a, b, c) ; a if b else c ; b if a else c ; {**a, **b, **c} ; a.get(b, c)
a <= b <= c ; b <= a <= c ; a + c ; a + b ; b + c ; a * b ; a == b and b == c ; round(a * b, c)
"""


def expressions() -> Iterator[tuple[str, str]]:
    """Yield parameters and a Python expression of them: `("a, b", "a + b")`.

    None takes long, whatever the arguments: powers are tried for small numbers only.
    """
    for parameters, table in (("a", _ONE), ("a, b", _TWO), ("a, b, c", _THREE)):
        for line in table.strip().splitlines():
            for each in line.split(";"):
                yield parameters, each.strip()
