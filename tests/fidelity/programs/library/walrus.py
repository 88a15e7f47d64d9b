print([y for x in range(5) if (y := x * x) > 3], y)
import re
if (m := re.match(r"(\d+)-(?P<b>\w+)", "12-ab")): print(m.groups(), m["b"], m)
