"""The files of a selection, and the counts of its funnel.

All files appear whole or not at all when the work is done; `funnel.json` is written last.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import msgspec

from veristone.files import whole_file
from veristone.generators.code.draws import draw
from veristone.generators.selection.funnel import Funnel, StepFunnel
from veristone.generators.selection.gates import Refusal
from veristone.generators.selection.rows import Rejection, Selected
from veristone.generators.synthesis.records import Record

__all__ = ["FILES", "Outputs"]

FILES = ("selected", "preferences", "kto", "repairs", "rejected")
"""Names of the outputs, without `.jsonl`."""
_encode = msgspec.json.Encoder().encode


class Outputs:
    """Writes rows and rejections and counts them; a context manager.

    Args:
        folder: for the files.
        funnel: to be filled in.
        steps: names of all steps, in order.
    """

    def __init__(self, folder: Path, funnel: Funnel, steps: Sequence[str]) -> None:
        self.folder = folder
        self.funnel = funnel
        self.read = 0
        """Responses."""
        self._lines: Counter[str] = Counter()
        self._steps = {step: StepFunnel(step=step) for step in steps}
        funnel.steps = list(self._steps.values())
        self._files: dict[str, IO[bytes]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "Outputs":
        for name in FILES:
            self._files[name] = self._stack.enter_context(whole_file(self._path(name)))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # pyright: ignore[reportArgumentType]

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.jsonl"

    def reject(self, record_id: str, refusal: Refusal) -> None:
        """Write down that a response goes no further."""
        step, reason, detail = refusal
        reasons = self._steps[step].reasons
        reasons[reason] = reasons.get(reason, 0) + 1
        rejection = Rejection(id=record_id, step=step, reason=reason, detail=detail)
        self._files["rejected"].write(_encode(rejection) + b"\n")

    def pass_by(self, steps: Sequence[str]) -> None:
        """Count a response that some steps let through because they cannot judge it."""
        for step in steps:
            self._steps[step].not_applicable += 1

    def write(self, name: str, row: msgspec.Struct) -> None:
        """Write a row or a product."""
        self._files[name].write(_encode(row) + b"\n")
        self._lines[name] += 1

    def keep_some(self, limit: int, random_seed: int) -> None:
        """Keep at most `limit` rows of the written files, and the products of their instructions.

        The rows with the smallest draws stay: which ones does not depend on their order, and a
        smaller limit takes some of the same.
        """
        with open(self._path("selected"), "rb") as file:
            drawn = ((draw(random_seed, "limit", row.id), row.id) for _, row in _keys(file))
            ids = {name for _, name in heapq.nsmallest(limit, drawn)}
        groups: set[str] = set()
        gone: list[str] = []
        # Rows come first: they say which instructions stay.
        for name in FILES[:-1]:
            with open(self._path(name), "rb") as old, whole_file(self._path(name)) as new:
                self._lines[name] = 0
                for line, row in _keys(old):
                    if row.id in ids if name == "selected" else row.group in groups:
                        new.write(line)
                        self._lines[name] += 1
                        groups.add(row.group)
                    elif name == "selected":
                        gone.append(row.id)
        rejected = self._path("rejected").read_bytes()
        with whole_file(self._path("rejected")) as self._files["rejected"]:
            self._files["rejected"].write(rejected)
            for record_id in gone:
                self.reject(record_id, Refusal("limit", "not_drawn"))

    def close_funnel(self) -> None:
        """Fill in the funnel and write it."""
        given = self.read
        for step in self.funnel.steps:
            step.reasons = dict(Counter(step.reasons).most_common())
            step.given, step.kept = given, given - sum(step.reasons.values())
            given = step.kept
        self.funnel.products = {name: self._lines[name] for name in FILES[:-1]}
        with open(self._path("selected"), "rb") as file:
            for line in file:
                self._describe(msgspec.json.decode(line, type=Selected).record)
        with whole_file(self.folder / "funnel.json") as file:
            file.write(msgspec.json.format(_encode(self.funnel), indent=1))

    def _describe(self, record: Record) -> None:
        """Count what a selected response is like."""
        funnel, seed, verdict = self.funnel, record.seed, record.verdict
        model = next((trace.model for trace in reversed(record.traces) if trace.model), "")
        licences = seed.provenance.licences if seed is not None else ()
        for counts, name in (
            (funnel.models, model),
            (funnel.languages, record.language),
            (funnel.categories, record.category),
            (funnel.difficulties, record.difficulty),
            (funnel.verifiers, verdict.version if verdict is not None else ""),
            *((funnel.licences, licence) for licence in licences or ("",)),
        ):
            counts[name or "unknown"] = counts.get(name or "unknown", 0) + 1


class _Keys(msgspec.Struct):
    id: str
    group: str


def _keys(file: IO[bytes]) -> Iterator[tuple[bytes, _Keys]]:
    """Yield each line, and whose it is."""
    decode = msgspec.json.Decoder(_Keys).decode
    for line in file:
        yield line, decode(line)
