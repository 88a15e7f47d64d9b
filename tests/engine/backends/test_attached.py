"""Docker without a shared socket: a remote daemon, or gVisor. Frames over the attached streams."""

import pytest

from veristone import AssertsCheck, BackendUnavailable, ProgramCheck, Reason, Sample
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends import Docker

pytestmark = pytest.mark.docker


class Remote(Docker):
    """A Docker back end that believes its daemon to be on another machine."""

    async def open(self) -> None:
        await super().open()
        self._attach = True


async def test_samples_are_judged_over_attached_streams() -> None:
    config = EngineConfig(backend="docker", sandboxes=2)
    big = "x" * 3_000_000
    samples = [
        Sample(code="print(1)", check=ProgramCheck(stdout="1\n")),
        Sample(code=f"print('x' * {len(big)})", check=ProgramCheck(stdout=big + "\n")),
        Sample(code="def f(): return 1", check=AssertsCheck(tests="assert f() == 1")),
        Sample(code="while True: print('x' * 1000)"),
        Sample(code="print(2)", check=ProgramCheck(stdout="2\n")),
    ]
    async with Engine(config, backend=Remote(config)) as engine:
        reasons = [verdict.reason async for verdict in engine.verify_stream(samples)]
    assert reasons == [
        Reason.PASSED,
        Reason.PASSED,
        Reason.PASSED,
        Reason.OUTPUT_LIMIT,
        Reason.PASSED,
    ]


async def test_a_runtime_that_docker_does_not_know_is_named() -> None:
    config = EngineConfig(backend="docker", sandboxes=1, runtime="no-such-runtime")
    with pytest.raises(BackendUnavailable, match="no-such-runtime"):
        async with Engine(config):
            pass
