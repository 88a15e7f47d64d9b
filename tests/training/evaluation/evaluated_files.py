"""Samples that are written, judged by a function and evaluated, with the results beside them."""

import json
from pathlib import Path
from typing import Any

from fake_verifier import FakeVerifier, Judge

from veristone.training.evaluation.formats import Format
from veristone.training.evaluation.whole import Evaluation, evaluate_files

__all__ = ["evaluated"]


async def evaluated(
    folder: Path,
    benchmark: Any,
    format: Format,
    dataset: Any,
    rows: list[dict[str, Any]],
    judge: Judge,
) -> tuple[Path, Path]:
    """Return the file of the samples and that of their results."""
    (folder / "tasks.jsonl").write_text(json.dumps(dataset))
    samples = folder / "greedy.jsonl"
    samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
    wanted = Evaluation(
        benchmark=benchmark,
        dataset=folder / "tasks.jsonl",
        samples=samples,
        format=format,
        check_references=False,
    )
    return samples, (await evaluate_files(wanted, FakeVerifier(judge))).path
