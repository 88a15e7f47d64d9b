def g():
    try:
        x = yield 1
        print("got", x)
        yield from (i for i in range(2))
        return "value"
    except GeneratorExit:
        print("closed"); raise
it = g(); print(next(it), it.send("s"), list(it))
it = g(); next(it); it.close()
def collect(): r = yield from g(); print("returned", r)
print(list(collect()))
it = g(); next(it)
try: it.throw(ValueError("thrown"))
except ValueError as error: print(error)
