"""Many tasks in, a folder of findings out; what was found before is not looked for again.

findings.jsonl   a line for each task, as they come
audit.json       what was asked of which file, and how often each fault was found
report.html      the same as a page, where jinja2 is installed
"""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from veristone import ConfigError, InvalidSample, Verifier
from veristone.audit.examine import FAULTS, Findings, Questions, examine
from veristone.audit.page import report_of
from veristone.audit.tasks import AuditTask
from veristone.files import (
    disk_trouble,
    drop_half_line,
    only_one,
    read_bytes,
    read_rows,
    write_whole,
)
from veristone.generators.pages.write import write_report
from veristone.stream import stream_map

__all__ = ["Audit", "Audited", "audit_file"]

_FINDINGS, _ASKED, _FACTS = "findings.jsonl", "asked.json", "audit.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What is audited, and how."""

    tasks: Sequence[AuditTask]
    dataset: Path
    """Where they come from."""
    command: str
    """Shows one task again, with its name behind it."""
    questions: Questions
    folder: Path
    overwrite: bool = False
    workers: int = 4
    """Tasks that are looked at side by side."""


class Audited(msgspec.Struct, kw_only=True):
    """What came out, for `audit.json`."""

    dataset: str
    tasks: int
    sound: int
    """Tasks without a fault."""
    faults: dict[str, int]
    """How many tasks have each."""
    runs: int
    questions: Questions
    command: str
    page: str = ""
    """Why there is no page, where there is none."""


async def audit_file(
    audit: Audit,
    verifier: Verifier,
    others: Sequence[Verifier] = (),
    on_findings: Callable[[Findings, int, int], None] = lambda found, done, total: None,
) -> tuple[Audited, list[Findings]]:
    """Audit every task that the folder has no findings of.

    Args:
        audit: what, and how.
        verifier: judges.
        others: further back ends.
        on_findings: told of each task, how many are done, and of how many.

    Raises:
        ConfigError: the folder holds findings of another file or of other questions, is in use, or
            cannot be written.
    """
    with disk_trouble(audit.folder), only_one(audit.folder):
        found = _known(audit)
        left = [task for task in audit.tasks if task.name not in found]

        async def one(task: AuditTask) -> Findings:
            try:
                return await examine(task, verifier, audit.questions, others)
            except InvalidSample as error:
                return Findings(
                    task_id=task.name, faults=("undecided",), reason="invalid", message=str(error)
                )

        results = stream_map(
            one, left, workers=audit.workers, window=2 * audit.workers, ordered=True
        )
        with (audit.folder / _FINDINGS).open("ab") as file:
            async with contextlib.aclosing(results):
                async for each in results:
                    file.write(msgspec.json.encode(each) + b"\n")
                    file.flush()
                    found[each.task_id] = each
                    on_findings(each, len(found), len(audit.tasks))
        ordered = [found[task.name] for task in audit.tasks]
        return _written(audit, ordered), ordered


def _known(audit: Audit) -> dict[str, Findings]:
    """Return what was found before, or start anew; half a line of a killed run is cut off."""
    asked = audit.folder / _ASKED
    findings = audit.folder / _FINDINGS
    digest = hashlib.sha256(read_bytes(audit.dataset)).hexdigest()
    wanted = msgspec.json.encode({"dataset": digest, "questions": audit.questions})
    if audit.overwrite or not asked.exists():
        if findings.exists() and not audit.overwrite:
            raise ConfigError(f"{findings} is there and says not of what: use --overwrite")
        findings.write_bytes(b"")
        write_whole(asked, wanted)
        return {}
    if asked.read_bytes() != wanted:
        raise ConfigError(
            f"{audit.folder} holds findings of another file or of other questions:"
            " use another folder or --overwrite"
        )
    drop_half_line(findings)
    known = [row.read(Findings) for row in read_rows(findings)]
    return {each.task_id: each for each in known}


def _written(audit: Audit, found: Sequence[Findings]) -> Audited:
    counts = Counter(fault for each in found for fault in each.faults)
    facts = Audited(
        dataset=audit.dataset.name,
        tasks=len(found),
        sound=sum(not each.faults for each in found),
        faults={fault: counts[fault] for fault in FAULTS if counts[fault]},
        runs=sum(each.runs for each in found),
        questions=audit.questions,
        command=audit.command,
    )
    try:
        write_report(audit.folder, report_of(facts, found), facts, _FACTS)
    except ConfigError as error:  # jinja2 is an extra
        facts.page = str(error)
        write_whole(audit.folder / _FACTS, msgspec.json.encode(facts))
    return facts
