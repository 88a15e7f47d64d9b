"""`make bench`: every benchmark, or the one that is named, each with a record under records/.

python -m benchmarks [verification|seeds] [OPTIONS OF THE ONE THAT IS NAMED]
"""

import asyncio
import sys


def main(arguments: list[str]) -> None:
    """Run the benchmark that the first argument names, or all."""
    from benchmarks import seeds, verification

    named = arguments[0] if arguments and not arguments[0].startswith("-") else None
    if named not in (None, "verification", "seeds"):
        sys.exit(f"benchmarks: no {named!r}: verification or seeds")
    if named != "seeds":
        asyncio.run(verification.main(arguments[1:] if named else arguments))
    if named != "verification":
        asyncio.run(seeds.main(arguments[1:] if named else []))


# Worker processes import this module too.
if __name__ == "__main__":
    main(sys.argv[1:])
