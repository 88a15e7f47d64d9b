"""A fixed piece of work, run in a sandbox to learn what a CPU second is worth there.

Numbers, dictionaries, text and sorting, as programs that are judged do them. A change makes every
factor that was ever recorded another one.
"""


def work() -> int:
    """Do it, and return a number that depends on all of it."""
    total, seen, words = 0, dict[int, int](), list[str]()
    for number in range(1_000_000):
        total = (total * 31 + number) % 1_000_003
        seen[total % 5003] = number
        if total % 7 == 0:
            words.append(str(total))
    return sum(map(len, sorted(words))) + len(seen)


if __name__ == "__main__":
    work()
