"""`make bench`: every benchmark, or the one that is named, each with a record under records/.

    python -m benchmarks [NAME] [OPTIONS OF THE ONE THAT IS NAMED]

Names: verification, judging, error_rates, staged, languages, evaluation, service, cases, seeds,
synthesis, selection.
"""

import asyncio
import sys


def main(arguments: list[str]) -> None:
    """Run the benchmark that the first argument names, or all."""
    from benchmarks import (
        cases,
        error_rates,
        evaluation,
        judging,
        languages,
        seeds,
        selection,
        service,
        staged,
        synthesis,
        verification,
    )

    known = {
        "verification": verification,
        "judging": judging,
        "error_rates": error_rates,
        "staged": staged,
        "languages": languages,
        "evaluation": evaluation,
        "service": service,
        "cases": cases,
        "seeds": seeds,
        "synthesis": synthesis,
        "selection": selection,
    }
    named = arguments[0] if arguments and not arguments[0].startswith("-") else None
    if named is not None:
        if named not in known:
            sys.exit(f"benchmarks: no {named!r}: {', '.join(known)}")
        asyncio.run(known[named].main(arguments[1:]))
        return
    # Options without a name are those of the first.
    for module in known.values():
        asyncio.run(module.main(arguments if module is verification else []))


# Worker processes import this module too.
if __name__ == "__main__":
    main(sys.argv[1:])
