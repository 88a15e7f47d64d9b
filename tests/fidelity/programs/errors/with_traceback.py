def a(): raise ValueError(1)
try: a()
except ValueError as error: kept = error
raise kept
