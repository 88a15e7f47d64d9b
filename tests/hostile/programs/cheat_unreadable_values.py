# Tries: answer with values that are hard to write, to compare or to show.
import itertools

numbers = itertools.count()


def add(a, b):
    loop = []
    loop.append(loop)
    deep = []
    for _ in range(100_000):
        deep = [deep]

    class Odd:
        def __repr__(self):
            raise SystemExit(0)

        @property
        def __class__(self):
            raise SystemExit(0)

    return [loop, deep, Odd(), "\ud800", float("nan"), {Odd: Odd}][next(numbers) % 6]
