"""Recall and false positives of decontamination, with data that is on the machine.

    python -m benchmarks.contamination_recall DATA [PARAPHRASES]     the tables in docs
    python -m benchmarks.contamination_recall --background           counts background.json anew

DATA is the folder of the tests' real data. What is printed is of tasks with odd numbers and of
functions that were not counted for the background. That is no clean hold-out: the weights were
compared with even tasks, but the forms of the scores with all of HumanEval, and `evidence_nats` was
set with these tables in sight. MBPP's copies served no choice. `paraphrases.jsonl` was written
before the table of synonyms, by the same hand.
"""

import argparse
import json
import re
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from veristone.generators.seeds.contamination import background
from veristone.generators.seeds.contamination.audit import Planted, audit, plant, table
from veristone.generators.seeds.contamination.benchmarks import Item, load_items
from veristone.generators.seeds.contamination.corpus import counted, real_functions
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.seeds.contamination.disguises import DISGUISES, disguise
from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.names import name_words
from veristone.generators.seeds.contamination.rows import read_rows


def number(row: dict[str, Any]) -> int:
    """The number of a HumanEval task, however the file calls it."""
    found = re.search(r"\d+", str(row.get("name") or row["task_id"]))
    assert found is not None
    return int(found[0])


def code_of(answer: str) -> str:
    """The code of an answer in Markdown."""
    fenced = re.search(r"```[\w+#.-]*\n(.*?)(?:```|\Z)", answer, re.DOTALL)
    return fenced[1] if fenced else answer


def whole(item: Item, body: str) -> Item:
    """A HumanEval task with a whole program as its solution."""
    prompt = next(test for test in item.tests if f"def {item.entry_point}" in test)
    return Item(
        benchmark=item.benchmark,
        task_id=item.task_id,
        entry_point=item.entry_point,
        texts=item.texts,
        solutions=(prompt + body,),
    )


def nameless(code: str, name: str) -> str:
    """Code without the task's name, in whatever spelling."""
    return re.sub("[_-]?".join(map(re.escape, name_words(name))), "solve", code, flags=re.I)


def bare(code: str, language: str) -> str:
    """Code without comments."""
    return " ".join(Features("", code, language).lexed.tokens)


def translations(data: Path, names: dict[int, str]) -> Iterator[Planted]:
    """Solutions in other languages: HumanEval-X' are translated, MultiPL-E's a model wrote anew."""
    for language in ("js", "java", "cpp"):
        for row in read_rows(data / f"humanevalx_{language}.jsonl.gz"):
            code = row["declaration"] + row["canonical_solution"]
            yield from _translated(f"HumanEval-X {language}", number(row), code, language, names)
    for path in sorted((data / "multipl_e_humaneval").iterdir()):
        language = path.name.partition(".")[0]
        for row in read_rows(path):
            code = code_of(row["gpt_solution"])
            yield from _translated("MultiPL-E, 18 languages", number(row), code, language, names)


def _translated(
    kind: str, task: int, code: str, language: str, names: dict[int, str]
) -> Iterator[Planted]:
    label = f"HumanEval/{task} "
    plain = bare(code, language)
    yield Planted(f"{kind}: as it is", label, "", code, language)
    yield Planted(f"{kind}: no comments", label, "", plain, language)
    yield Planted(
        f"{kind}: no comments, no name", label, "", nameless(plain, names[task]), language
    )


def independent(data: Path, items: dict[int, Item], paraphrases: Path | None) -> Iterator[Planted]:
    """Solutions that models wrote anew, and descriptions that a person reworded."""
    answers = {
        number(row): row["completion"]
        for row in read_rows(data / "starcoder2_instruct_humaneval_samples.jsonl.gz")
    }
    plus = {
        number(row): row["canonical_solution"] for row in read_rows(data / "humanevalplus.jsonl.gz")
    }
    for kind, solutions in (("StarCoder2's", answers), ("HumanEval+'s", plus)):
        for task, body in solutions.items():
            program = whole(items[task], body)
            for how in ("undocumented", "renamed", "paraphrased, renamed"):
                yield from _as_disguised(f"{kind} solution, {how}", how, program)
    by_name = {item.entry_point: item for item in items.values()}
    for row in read_rows(data / "codegen16b_humaneval_solutions.jsonl.gz"):
        item = by_name.get(re.findall(r"def (\w+)", row["prompt"])[-1])
        for body in row["samples"][:5] if item else ():
            assert item is not None
            # Some samples are comments and nothing else: no solutions.
            if bare(body, "python"):
                program = whole(item, body)
                yield from _as_disguised("CodeGen's solution, renamed", "renamed", program)
    for row in read_rows(paraphrases) if paraphrases else ():
        item = items[row["task"]]
        yield Planted("reworded by hand: description alone", f"{item.label}", row["text"], "")
        for kind, body in (("its", item.solutions[0]), ("StarCoder2's", answers[row["task"]])):
            copy = disguise("renamed", "", whole(item, body).solutions[0])
            name = f"reworded by hand, {kind} solution renamed"
            yield Planted(name, item.label, row["text"], copy.code)


def _as_disguised(name: str, how: str, program: Item) -> Iterator[Planted]:
    for planted in plant([program], [how]):
        yield planted._replace(kind=name)


def odd(planted: Iterator[Planted]) -> Iterator[Planted]:
    """The half that thresholds were not chosen with."""
    for sample in planted:
        found = re.search(r"/(\d+)", sample.task)
        if found and int(found[1]) % 2:
            yield sample


def measure(data: Path, paraphrases: Path | None) -> None:
    """Print the tables."""
    humaneval = load_items(data / "humaneval.jsonl.gz", "HumanEval")
    mbpp = load_items(data / "mbpp.jsonl.gz", "MBPP")
    detector = Detector.of_items([*humaneval, *mbpp])
    tasks = {int(item.task_id.partition("/")[2]): item for item in humaneval}
    names = {task: item.entry_point for task, item in tasks.items()}
    programs = [whole(item, item.solutions[0]) for item in humaneval]

    def copies() -> Iterator[Planted]:
        yield from (p._replace(kind=f"HumanEval: {p.kind}") for p in plant(programs, DISGUISES))
        yield from (p._replace(kind=f"MBPP: {p.kind}") for p in plant(mbpp, DISGUISES))
        yield from independent(data, tasks, paraphrases)
        yield from translations(data, names)

    functions = [f for f in real_functions(_roots()) if not counted(f.code)]
    documented = [f for f in functions if f.documented]
    print(table(audit(detector, odd(copies()))))
    for what, some in (("all", functions), ("documented", documented)):
        began = time.process_time()
        result = audit(detector, (), ((f.where, f.code) for f in some))
        took = time.process_time() - began
        print(f"\n{what}: {table(result).splitlines()[-1]}; {len(some) / took:.0f} functions/s")
        for where, match in result.hits if some is documented else ():
            print(f"    {where}  {match.matcher}  {match.detail}")


def count_background() -> None:
    """Count `background.json` in one half of the functions that are on this machine."""
    functions = [f for f in real_functions(_roots()) if counted(f.code)]
    features = [Features("", f.code, "python") for f in functions]
    tables = {
        "concepts": background.count(f.reading.concepts for f in features),
        "words": background.count(
            seen.content for seen, f in zip(features, functions, strict=True) if f.documented
        ),
        "names": background.count(name_words(f.name) for f in functions),
    }
    lines = [
        f'"{kind}": {json.dumps(found, separators=(",", ":"))}' for kind, found in tables.items()
    ]
    target = Path(background.__file__).with_name("background.json")
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print({kind: (total, len(found)) for kind, (total, found) in tables.items()})


def _roots() -> Sequence[Path]:
    return [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))]


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("paraphrases", nargs="?", type=Path)
    parser.add_argument("--background", action="store_true")
    arguments = parser.parse_args()
    if arguments.background:
        count_background()
    else:
        measure(arguments.data, arguments.paraphrases)


if __name__ == "__main__":
    main()
