"""Files of the work area that a verdict shows."""

import pytest

from veristone import InvalidSample, ProgramCheck, Reason, Sample, Verdict
from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def judge(engine: Engine, code: str, *fetch: str) -> Verdict:
    return await engine.verify(Sample(code=code, check=ProgramCheck(fetch=list(fetch))))


async def test_files_come_back_as_they_are_at_the_end(engine: Engine) -> None:
    code = (
        "import os\nos.makedirs('a')\nopen('a/b', 'wb').write(b'\\0\\xff')\n"
        "open('c', 'w').write('old')\nopen('c', 'w').write('new')\nos.mkfifo('pipe')\n"
        "os.symlink('/etc/passwd', 'link')\nos.symlink('/etc', 'folder')\n"
    )
    verdict = await judge(engine, code, "a/b", "c", "none", "a", "pipe", "link", "folder/passwd")
    assert verdict.reason is Reason.PASSED
    assert verdict.files == {"a/b": b"\0\xff", "c": b"new"}
    failed = await judge(engine, code + "raise SystemExit(3)", "c")
    assert failed.reason is Reason.RUNTIME_ERROR
    assert failed.files == {"c": b"new"}


async def test_there_is_an_end_to_what_comes_back(engine: Engine) -> None:
    code = "open('small', 'w').write('x')\nopen('large', 'wb').truncate(20 << 20)"
    verdict = await judge(engine, code, "small", "large")
    assert verdict.files == {"small": b"x"}


async def test_paths_cannot_leave(engine: Engine) -> None:
    for name in ("../x", "/etc/passwd", "a/", ""):
        with pytest.raises(InvalidSample, match=r"check\.fetch"):
            await judge(engine, "", name)
    with pytest.raises(InvalidSample, match="256 files"):
        await judge(engine, "", *map(str, range(257)))
