"""Runs a task's solution, and every trivial function, on the inputs that seeds may be asked.

Trusted code, but in a worker and under the same limits as seeds: what takes a solution too long is
nothing to ask of others. For each call the report has the digest of the answer, its bits, and a
mask of the trivial functions that give the same.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from behaviour_main import Watch, loads, value_of
from veristone_digest import digest
from veristone_supervise import Worker, read_request, report

WAIT_S = 60.0
TRIVIAL_CPU_S = 1.0
"""CPU seconds for all trivial functions on one call; they take a few hundredths of it."""
_PARAMETERS = "abcdefghij"


def work(request: dict[str, Any], calls: list[bytes], say: Callable[[str], None]) -> None:
    """Say the answer to each call, or a dot."""
    watch = Watch()
    namespace: dict[str, Any] = {"__name__": "solution"}
    exec(compile(request["code"], "solution.py", "exec", dont_inherit=True), namespace)
    solution = namespace[request["name"]]
    parameters = ", ".join(_PARAMETERS[: request["arity"]])
    trivial = [eval(f"lambda {parameters}: {each}") for each in request["trivial"]]
    for call in calls:
        said: list[str] = []

        def answer(call: bytes = call, said: list[str] = said) -> None:
            found, bits = digest(value_of(solution(*loads(call))))
            said.append(f"{base64.b64encode(found).decode()} {bits}")

        watch.run(answer)
        if said:
            said.append(f"{agreeing(trivial, call, said[0].split()[0], watch):x}")
        say(" ".join(said) if len(said) == 2 else ".")


def agreeing(trivial: list[Any], call: bytes, wanted: str, watch: Watch) -> int:
    """Return the mask of those functions whose answer has the digest `wanted`."""
    same: list[int] = []

    def compare() -> None:
        for number, function in enumerate(trivial):
            try:
                found, _ = digest(function(*loads(call)))
            except Exception:  # it does not fit these arguments
                continue
            if base64.b64encode(found).decode() == wanted:
                same.append(number)

    watch.run(compare, TRIVIAL_CPU_S)
    return sum(1 << number for number in same)


def main() -> None:
    """Answer the request on stdin."""
    request = read_request()
    with open("probes", "rb") as file:
        calls = loads(file.read())
    worker = Worker(lambda say: work(request, calls, say))
    answers: list[str] = []
    for line in worker.lines(WAIT_S):
        answers.append(line)
        if len(answers) == len(calls):
            break
    worker.end()
    report({"answers": answers})


if __name__ == "__main__":
    main()
