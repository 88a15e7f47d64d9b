import decimal
from decimal import Decimal, getcontext, localcontext
print(Decimal("0.1") + Decimal("0.2"), getcontext().prec, Decimal(2).sqrt())
with localcontext() as c:
    c.prec = 60; c.rounding = decimal.ROUND_UP
    print(Decimal(1) / 3)
try:
    Decimal(1) / 0
except decimal.DivisionByZero as error:
    print(type(error).__mro__)
import threading
getcontext().prec = 5
t = threading.Thread(target=lambda: print(getcontext().prec)); t.start(); t.join()
