"""A file of samples in, a file of verdicts out, as `veristone verify` does it; nothing is run."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pytest

from veristone import ConfigError
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend
from veristone.engine.batch import Tally, verify_file


def line(number: int, **fields: Any) -> str:
    return json.dumps({"id": f"s{number}", "code": f"print({number})"} | fields)


def write(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


async def judged(
    samples: Path, output: Path, mode: Literal["new", "resume", "overwrite"] = "new"
) -> Tally:
    """Judge a file with two sandboxes in which every program ends well."""
    async with Engine(EngineConfig(sandboxes=2), backend=FakeBackend()) as engine:
        return await verify_file(samples, output, mode=mode, judge=engine)


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_bytes().splitlines()]


def ids(path: Path) -> list[str | None]:
    return [record.get("id") for record in records(path)]


# What is read -----------------------------------------------------------------------------------

MALFORMED = [
    "{",
    "[]",
    "null",
    "3",
    '{"id": "no code"}',
    '{"code": 3}',
    '{"code": "x", "check": {"kind": "psychic"}}',
    '{"code": "x", "check": {"kind": "stdio"}}',
    '{"code": "x", "limits": {"cpu_s": -1}}',
    '{"code": "x", "limits": {"memory_mib": 1e9}}',
    '{"code": "x", "language": "cobol"}',
    '{"code": "x", "files": {"../up": ""}}',
    '{"code": "\\ud800"}',
    '{"code": ' + "[" * 100_000,
    '{"code": "x", "metadata": ' + "[" * 2000 + "]" * 2000 + "}",
]


async def test_what_is_no_sample_is_rejected_with_its_line_number(tmp_path: Path) -> None:
    lines = [line(0)]
    for number, bad in enumerate(MALFORMED):
        lines += ["", bad, "  \t", line(number + 1)]
    tally = await judged(write(tmp_path / "in", lines), tmp_path / "out")
    found = records(tmp_path / "out")
    assert [r["id"] for r in found if "id" in r] == [f"s{n}" for n in range(len(MALFORMED) + 1)]
    rejected = [r for r in found if r.get("rejected")]
    assert tally.rejected == len(rejected)
    wanted = {3 + 4 * number: bad for number, bad in enumerate(MALFORMED)}
    assert [r["line"] for r in rejected] == list(wanted)
    assert all(r["error"] for r in rejected)
    # In the order of the input, between the samples around them.
    assert [bool(r.get("rejected")) for r in found] == [False] + [True, False] * len(MALFORMED)


async def test_bytes_that_are_no_text_are_rejected(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(b'{"code": "\xff"}\n\xff\xfe\x00\n' + line(1).encode() + b"\n")
    await judged(source, tmp_path / "out")
    assert [bool(r.get("rejected")) for r in records(tmp_path / "out")] == [True, True, False]


async def test_unicode_and_a_long_line_and_no_newline_at_the_end(tmp_path: Path) -> None:
    long = "#" + "x" * 5_000_000 + "\nprint(1)"
    given = [{"id": "☃", "code": "naïve ☃ \U0001f40d"}, {"id": "long", "code": long}]
    source = tmp_path / "in"
    source.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in given))
    await judged(source, tmp_path / "out")
    assert ids(tmp_path / "out") == ["☃", "long"]


async def test_samples_of_other_tools_are_read_as_they_are(tmp_path: Path) -> None:
    source = write(tmp_path / "in", [line(1, task_id="HumanEval/0", score=0.5)])
    assert (await judged(source, tmp_path / "out")).rejected == 0


async def test_nothing_in_nothing_out(tmp_path: Path) -> None:
    tally = await judged(write(tmp_path / "in", ["", ""]), tmp_path / "out")
    assert (tally.records, (tmp_path / "out").read_bytes()) == (0, b"")


async def test_a_byte_order_mark_costs_no_line(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(b"\xef\xbb\xbf" + f"{line(0)}\n{line(1)}\n".encode())
    assert (await judged(source, tmp_path / "out")).rejected == 0
    assert ids(tmp_path / "out") == ["s0", "s1"]


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "text",
    [
        line(1)[:-1] + f', "metadata": {{"deep": {nested(1100)}}}}}',
        line(1)[:-1] + f', "check": {nested(1100)}}}',
        nested(1100),
        line(1)[:-1] + f', "unknown": {nested(100_000)}}}',
    ],
    ids=["metadata", "check", "alone", "unknown field"],
)
async def test_a_line_that_nests_too_deep_is_rejected_and_ends_no_run(
    text: str, tmp_path: Path
) -> None:
    source, out = write(tmp_path / "in", [line(0), text, line(2)]), tmp_path / "out"
    assert (await judged(source, out)).rejected == 1
    assert ids(out) == ["s0", None, "s2"]
    whole = out.read_bytes().splitlines(keepends=True)
    for kept in (1, 2):
        out.write_bytes(b"".join(whole[:kept]))
        assert (await judged(source, out, "resume")).rejected == (1 if kept == 1 else 0)
        assert ids(out) == ["s0", None, "s2"]


# Output files -----------------------------------------------------------------------------------


async def test_it_does_not_overwrite_unless_told_to(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in", [line(1)]), tmp_path / "out"
    out.write_text("precious\n")
    with pytest.raises(ConfigError, match=r"--resume .* --overwrite"):
        await judged(source, out)
    assert out.read_text() == "precious\n"
    await judged(source, out, "overwrite")
    assert ids(out) == ["s1"]


async def test_an_empty_output_file_is_nothing_to_lose(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.touch()
    await judged(write(tmp_path / "in", [line(1)]), out)
    assert ids(out) == ["s1"]


async def test_resume_after_the_end_does_nothing(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in", map(line, range(5))), tmp_path / "out"
    await judged(source, out)
    before = out.read_bytes()
    tally = await judged(source, out, "resume")
    assert (tally.skipped, tally.records) == (5, 0)
    assert out.read_bytes() == before


async def test_resume_with_nothing_there_starts(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in", map(line, range(5))), tmp_path / "out"
    await judged(source, out, "resume")
    assert ids(out) == [f"s{n}" for n in range(5)]


@pytest.mark.parametrize("cut", [1, 30, -1])
async def test_a_half_written_last_line_is_written_again(cut: int, tmp_path: Path) -> None:
    source, out = write(tmp_path / "in", ["{", *map(line, range(6))]), tmp_path / "out"
    await judged(source, out)
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:4]) + lines[4][:cut])
    await judged(source, out, "resume")
    assert ids(out) == [None, *(f"s{n}" for n in range(6))]


OTHER = {"another input": [f"t{n}" for n in range(3)], "longer": [f"s{n}" for n in range(9)]}


@pytest.mark.parametrize("half", ["", '{"id": "t9", "deci'], ids=["whole", "half a line"])
@pytest.mark.parametrize("kind", OTHER)
async def test_resume_of_another_run_is_refused_and_the_file_stays_as_it_is(
    kind: str, half: str, tmp_path: Path
) -> None:
    source, out = write(tmp_path / "in", map(line, range(6))), tmp_path / "out"
    verdicts = [{"id": name, "decision": "pass", "reason": "passed"} for name in OTHER[kind]]
    before = write(out, map(json.dumps, verdicts)).read_text() + half
    out.write_text(before)
    with pytest.raises(ConfigError, match=str(out)):
        await judged(source, out, "resume")
    assert out.read_text() == before
