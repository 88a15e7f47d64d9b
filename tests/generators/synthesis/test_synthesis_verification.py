"""What the verifier is asked about a record."""

import pytest

from veristone import AssertsCheck, Limits, ProgramCheck
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.verification import Verify, sample_of

RECORD = Record(id="a/1", code="x = 1\n", tests="assert x == 1")


def test_tests_of_python_run_behind_the_code() -> None:
    sample = sample_of(RECORD, Verify(cpu_s=2, memory_mib=99))
    assert sample is not None
    sample.validate()
    assert (sample.id, sample.code, sample.language) == ("a/1", "x = 1\n", "python")
    assert sample.check == AssertsCheck(tests="assert x == 1", strength="stub")
    assert sample.limits == Limits(cpu_s=2, memory_mib=99)


@pytest.mark.parametrize(("asked", "of_the_check"), [("none", None), ("mutants", "mutants")])
def test_how_much_is_asked_about_the_tests_is_the_recipes(
    asked: str, of_the_check: str | None
) -> None:
    sample = sample_of(RECORD, Verify.model_validate({"strength": asked}))
    assert sample is not None
    assert isinstance(sample.check, AssertsCheck)
    assert sample.check.strength == of_the_check


def test_without_tests_a_program_runs_to_its_end() -> None:
    record = Record(id="a", code="x = 1")
    sample = sample_of(record, Verify())
    assert sample is not None
    assert sample.check == ProgramCheck()
    assert sample_of(record, Verify(untested="skip")) is None


def test_tests_of_other_languages_are_put_behind_the_code() -> None:
    record = Record(id="a", language="go", code="package main\n", tests="func main() {}")
    assert sample_of(record, Verify()) is None
    sample = sample_of(record, Verify(languages=("python", "go")))
    assert sample is not None
    assert sample.code == "package main\n\nfunc main() {}"
    assert sample.check == ProgramCheck()


@pytest.mark.parametrize("code", ["", " \n"])
def test_nothing_to_run(code: str) -> None:
    assert sample_of(Record(id="a", code=code, tests="assert 1"), Verify()) is None


def test_limits_are_those_of_the_verifier() -> None:
    assert Verify().limits == Limits()
    with pytest.raises(ValueError, match=r"limits\.cpu_s"):
        Verify(cpu_s=4000)
