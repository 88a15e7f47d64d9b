"""Stages that write programs: responses in every format, problems with solutions."""

import msgspec
import pytest
from stage_parts import EXAMPLES, RECORD, SEED, answer, ask, reasons, template

from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.base import Sampling
from veristone.generators.synthesis.stages.responses import ProblemAndSolution, Responses

CODE = "def last_word(text):\n    words = text.split()\n    return words[-1] if words else None"
TESTS = 'assert last_word("a b") == "b"\nassert last_word("") is None'
TASK = "Write a function `last_word` that returns the last word of a text, or None."
ASKED = msgspec.structs.replace(RECORD, instruction=TASK)
ONE = Sampling(n=1)


def fence(code: str, tag: str = "python") -> str:
    return f"```{tag}\n{code}\n```"


SECTIONS = (
    f"Split at blanks.\n\n[Implementation]\n{fence(CODE)}\n\n[Explanation]\nNo words, no word.\n\n"
    f"[Tests]\n{fence(TESTS)}"
)
TAGS = f"Split at blanks.\n\n{fence(CODE)}\n</response>\n\n<tests>\n{fence(TESTS)}\n"
FENCES = f"Split at blanks.\n\n{fence(CODE)}\n\nThat is all.\n\n## Tests\n\n{fence(TESTS)}\n"
PLAIN = f"Split at blanks.\n\n{fence(CODE)}\n"


def stage(form: str, **settings: object) -> Responses:
    given = {"template": template("{{ instruction }}"), "shots": 0, "sampling": ONE, **settings}
    return Responses.model_validate({**given, "format": form})


@pytest.mark.parametrize(
    ("form", "text", "response"),
    [
        ("sections", SECTIONS, f"[Reasoning]\n{SECTIONS.partition('[Tests]')[0].strip()}"),
        ("sections", f"[Reasoning]\n{SECTIONS}",
         f"[Reasoning]\n{SECTIONS.partition('[Tests]')[0].strip()}"),
        ("tags", TAGS, PLAIN.strip()),
        ("tags", f"<response>\n{TAGS}</tests>", PLAIN.strip()),
        ("tags", TAGS.replace(fence(TESTS), TESTS), PLAIN.strip()),
        ("fences", FENCES, f"{PLAIN}\nThat is all."),
        ("fences", FENCES.replace("## Tests", "Some tests for it:"), f"{PLAIN}\nThat is all."),
    ],
)  # fmt: skip
def test_formats(form: str, text: str, response: str) -> None:
    [kept] = ask(stage(form), ASKED, text).kept
    assert kept.code == CODE
    assert kept.tests == TESTS
    assert kept.response == response
    assert kept.instruction == TASK
    assert kept.id == "abc"


def test_plain_answers_have_no_tests() -> None:
    [kept] = ask(stage("plain"), ASKED, PLAIN).kept
    assert (kept.code, kept.tests, kept.response) == (CODE, "", PLAIN.strip())


def test_all_fences_of_the_implementation_are_the_code() -> None:
    text = TAGS.replace(
        fence(CODE),
        f"{fence('import re')}\n{fence('$ pip', 'bash')}\n{fence(CODE)}\n{fence('x =')}",
    )
    [kept] = ask(stage("tags"), ASKED, text).kept
    assert kept.code == f"import re\n\n{CODE}"


WRONG = [
    ("sections", SECTIONS.replace("[Explanation]", "Explained:"), "wrong_format"),
    ("sections", SECTIONS + "\n\n[Tests]\nmore", "wrong_format"),
    ("sections", SECTIONS.partition("[Tests]")[0], "wrong_format"),
    ("sections", SECTIONS.partition("[Tests]")[0] + "[Tests]\n", "no_tests"),
    ("sections", SECTIONS.replace(fence(TESTS), "Call it."), "no_tests"),
    ("tags", TAGS.replace("</response>", ""), "wrong_format"),
    ("tags", PLAIN, "no_tests"),
    ("tags", f"{PLAIN}</response><tests>\n\n", "no_tests"),
    ("tags", TAGS.replace(fence(CODE), "Just split it."), "no_code"),
    ("tags", TAGS.replace(fence(CODE), fence(CODE, "javascript")), "wrong_language"),
    ("tags", TAGS.replace(fence(CODE), fence("def f(:")), "does_not_parse"),
    ("tags", TAGS.replace("words = text.split()", "pass  # TODO: split"), "incomplete"),
    ("tags", TAGS.replace("assert", "print"), "vacuous_tests"),
    ("tags", TAGS.replace(TESTS, TESTS + "\nassert ("), "vacuous_tests"),
    ("tags", TAGS.replace(TESTS, f"{CODE}\n\n{TESTS}"), "tests_define_solution"),
    ("tags", TAGS.replace("Split at", "### Instruction\nSplit at"), "leaked_template"),
    ("tags", TAGS.replace(CODE, SEED.code), "vacuous_tests"),
    ("fences", PLAIN, "no_tests"),
    ("fences", fence(f"{CODE}\n\n{TESTS}"), "no_tests"),
    ("plain", f"Split.\n\n```python\n{CODE}", "truncated"),
    ("plain", "No code.", "no_code"),
    ("plain", fence(SEED.code), "copies_seed"),
    ("plain", fence("def f(x):\n    pass"), "incomplete"),
]


@pytest.mark.parametrize(("form", "text", "reason"), WRONG)
def test_what_is_refused(form: str, text: str, reason: str) -> None:
    result = ask(stage(form), ASKED, text)
    expected = "copies_seed" if SEED.code in text else reason
    assert reasons(result) == [expected]
    assert result.refused[0].text == text
    assert not result.kept


def test_a_fence_that_a_stop_string_closed_is_whole() -> None:
    sampling = Sampling(n=1, stop=("\n```\n",))
    [kept] = ask(stage("plain", sampling=sampling), ASKED, f"```python\n{CODE}").kept
    assert kept.code == CODE


def test_imports_of_the_standard_library_only() -> None:
    text = TAGS.replace(CODE, f"import numpy as np\n\n{CODE}")
    assert ask(stage("tags"), ASKED, text).kept
    assert reasons(ask(stage("tags", imports="stdlib"), ASKED, text)) == ["imports"]
    assert ask(stage("tags", imports="stdlib", allow_imports=["numpy"]), ASKED, text).kept
    tests = TAGS.replace(TESTS, f"import pytest\n{TESTS}")
    assert reasons(ask(stage("tags", imports="stdlib"), ASKED, tests)) == ["imports"]


def test_tests_need_not_import_the_solution() -> None:
    text = TAGS.replace(TESTS, f"from your_module import last_word\n\n{TESTS}")
    [kept] = ask(stage("tags", imports="stdlib"), ASKED, text).kept
    assert kept.tests.strip() == TESTS


def test_what_a_recipe_permits_is_kept() -> None:
    permit = ("no_tests", "no_code", "vacuous_tests")
    [kept] = ask(stage("tags", permit=permit), ASKED, TAGS.replace(fence(TESTS), "call it")).kept
    assert kept.code == CODE
    [bare] = ask(stage("plain", permit=permit), ASKED, "Just split it.").kept
    assert (bare.response, bare.code) == ("Just split it.", "")


def test_an_examples_solution_that_comes_back() -> None:
    shown = stage("plain", shots=1).with_examples(EXAMPLES)
    example = shown.shown(ASKED, 0)[0]
    long = example.model_copy(update={"response": fence(CODE)})
    result = ask(stage("plain", shots=1).with_examples([long]), ASKED, PLAIN)
    assert reasons(result) == ["copies_example"]


def test_ten_answers_are_all_accounted_for() -> None:
    texts = [TAGS, TAGS, *(TAGS.replace("Split", f"Split {n}") for n in range(7)), "nothing"]
    ten = Responses(template=template("{{ instruction }}"), shots=0)
    assert ten.sampling.n == 10
    result = ask(ten, ASKED, *texts)
    assert [kept.id for kept in result.kept] == [f"abc/{n}" for n in (0, *range(2, 9))]
    assert [(r.record.id, r.reason) for r in result.refused] == [
        ("abc/1", "duplicate"),
        ("abc/9", "no_tests"),
    ]
    assert {kept.traces[-1].request for kept in result.kept} == {"responses/abc"}


def test_answers_in_another_language() -> None:
    rust = msgspec.structs.replace(ASKED, language="rust", seed=None)
    code, tests = "fn one() -> i32 { 1 }", "fn main() { assert_eq!(one(), 1); }"
    text = f"{fence(code, 'rust')}\n</response><tests>{fence(tests, 'rust')}"
    [kept] = ask(stage("tags"), rust, text.replace("<tests>", "<tests>\n")).kept
    assert (kept.code, kept.tests) == (code, tests)
    assert reasons(ask(stage("tags"), rust, TAGS)) == ["wrong_language"]


PROBLEM = f"{TASK}\n\n[Solution]\n{PLAIN}"
TESTED = f"[Problem Description]\n{PROBLEM}\n[Tests]\n{fence(TESTS)}"


def problem_stage(tests: str) -> ProblemAndSolution:
    settings = {"template": template("{{ seed_code }}\n[Problem Description]\n"), "tests": tests}
    return ProblemAndSolution.model_validate(settings)


@pytest.mark.parametrize("text", [PROBLEM, f"[Problem Description]\n{PROBLEM}"])
def test_a_problem_and_its_solution(text: str) -> None:
    [kept] = ask(problem_stage("none"), RECORD, text).kept
    assert kept.instruction == TASK
    assert kept.response == PLAIN.strip()
    assert (kept.code, kept.tests) == (CODE, "")


def test_a_problem_with_tests() -> None:
    for tests in ("optional", "required"):
        [kept] = ask(problem_stage(tests), RECORD, TESTED).kept
        assert kept.tests == TESTS
        assert kept.response == PLAIN.strip()
    [untested] = ask(problem_stage("optional"), RECORD, PROBLEM).kept
    assert untested.tests == ""


@pytest.mark.parametrize(
    ("tests", "text", "reason"),
    [
        ("required", PROBLEM, "no_tests"),
        ("optional", TESTED.replace("assert", "print"), "vacuous_tests"),
        ("none", TASK, "wrong_format"),
        ("none", f"[Solution]\n{PLAIN}", "wrong_format"),
        ("none", f"[Solution]\n{PLAIN}\n[Problem Description]\n{TASK}", "wrong_format"),
        ("none", f"[Problem Description]\n\n[Solution]\n{PLAIN}", "empty"),
        ("none", f"[Problem Description]\nShort.\n[Solution]\n{PLAIN}", "too_short"),
        ("none", f"{TASK}\n[Solution]\n", "empty"),
        ("none", f"{SEED.code}\nExplain this.\n[Solution]\n{PLAIN}", "copies_seed"),
        ("none", f"{TASK}\n[Solution]\n{fence(SEED.code)}", "copies_seed"),
        ("none", f"{TASK}\n[Solution]\nUse split.", "no_code"),
        ("none", f"### Snippet\n{TASK}\n[Solution]\n{PLAIN}", "leaked_template"),
    ],
)
def test_problems_that_are_refused(tests: str, text: str, reason: str) -> None:
    assert reasons(ask(problem_stage(tests), RECORD, text)) == [reason]


def test_an_empty_record_goes_through_a_stage() -> None:
    bare = stage("plain", template=template("Say something. {{ instruction }}"))
    [kept] = ask(bare, Record(id="x"), PLAIN).kept
    assert kept.code == CODE
    assert bare.read(Record(id="x"), [answer(PLAIN, name="responses/x")], 0).kept == (kept,)
