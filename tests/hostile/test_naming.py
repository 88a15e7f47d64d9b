"""File names that lead out of the work area are refused before a sandbox sees them."""

import pytest
from backends import Watched, story

from veristone import InvalidSample, ProgramCheck, Reason, Sample

pytestmark = pytest.mark.asyncio(loop_scope="module")

BAD = [
    "../x",
    "a/../../x",
    "a/..",
    "..",
    "/etc/x",
    "//x",
    "a\0b",
    "",
    ".",
    "./",
    "a/",
    "x" * 600,
    "x" * 300,
    "\ud800",
]


@pytest.mark.parametrize("name", BAD, ids=repr)
async def test_bad_names_are_refused(name: str, watched: Watched) -> None:
    with pytest.raises(InvalidSample, match="files"):
        await watched.engine.verify(Sample(code="", id="bad name", files={name: b""}))


async def test_a_name_that_is_a_file_and_a_folder_is_refused(watched: Watched) -> None:
    with pytest.raises(InvalidSample, match="files"):
        await watched.engine.verify(Sample(code="", files={"a": b"", "a/b": b""}))


@pytest.mark.parametrize(
    "name", ["a/b/c", "..x", "a..b", "a b", "-rf", "a\nb", "ä/é", "main.py/../x"[:7], ".hidden"]
)
async def test_odd_names_inside_the_work_area_work(name: str, watched: Watched) -> None:
    code = f"print(open({name!r}).read())"
    if name == "main.py":
        code = "print('mine')"
    sample = Sample(code=code, files={name: b"mine"}, check=ProgramCheck(stdout="mine\n"))
    verdict = await watched.attack(sample)
    assert verdict.reason is Reason.PASSED, story(verdict)


@pytest.mark.parametrize("name", ["A=B", "", "A\0"])
async def test_bad_environment_is_refused(name: str, watched: Watched) -> None:
    with pytest.raises(InvalidSample, match="env"):
        await watched.engine.verify(Sample(code="", env={name: "x"}))


async def test_arguments_and_environment_that_are_no_text_are_refused(watched: Watched) -> None:
    for sample in (
        Sample(code="", id="arguments", check=ProgramCheck(args=["\ud800"])),
        Sample(code="", id="environment", env={"A": "\ud800"}),
    ):
        with pytest.raises(InvalidSample):
            await watched.engine.verify(sample)
