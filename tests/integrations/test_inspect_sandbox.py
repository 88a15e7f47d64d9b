"""inspect_ai's own checks of a sandbox provider, against ours.

Of inspect_ai 0.3.285.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from hosts import host
from served import served

self_check = host("inspect_ai.util._sandbox.self_check")
pytestmark = [pytest.mark.bubblewrap, pytest.mark.slow, pytest.mark.hosts]
IMPOSSIBLE = {"test_exec_as_user": "there is one user in a sandbox, and nobody is root"}

# Pytest collects them here, as inspect means it.
globals().update({name: getattr(self_check, name) for name in self_check.__all__})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served("--sandboxes", "1") as (address, _):
        yield address


@pytest_asyncio.fixture
async def sandbox_env(request: Any, url: str) -> AsyncIterator[Any]:
    """What inspect calls the sandbox that it checks."""
    from veristone.integrations.inspect_sandbox import SandboxConfig, VeristoneSandbox

    name = request.node.originalname
    if name in IMPOSSIBLE:
        request.node.add_marker(pytest.mark.xfail(reason=IMPOSSIBLE[name], strict=True))
    config = SandboxConfig(url=url)
    environments = await VeristoneSandbox.sample_init("task", config, {})
    yield environments["default"]
    await VeristoneSandbox.sample_cleanup("task", config, environments, False)
