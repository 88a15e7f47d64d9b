import contextvars, decimal
print(len(contextvars.copy_context()))
print(decimal.getcontext(), decimal.DefaultContext)
decimal.getcontext().prec = 50
print(decimal.Decimal(1) / 7)
