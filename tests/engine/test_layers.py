"""What is said of the walls is what stands, and without some of them nothing is judged."""

import os
from pathlib import Path
from typing import Any

import pytest
from backends import open_engine

from veristone import BackendUnavailable, ConfigError, Sample
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends import Bubblewrap
from veristone.engine.layers import LAYERS, lacking
from veristone.settings import checked

CONFIG = EngineConfig(backend="bubblewrap", sandboxes=1)


@pytest.mark.parametrize(
    ("missing", "more", "said"),
    [
        ((), (), []),
        (("memory-cgroup",), (), []),
        (("memory-cgroup",), ("memory-cgroup",), ["memory-cgroup"]),
        (("seccomp",), (), ["seccomp"]),
        (("own-user",), (), []),
        (("own-user", "hidden-warden"), (), ["own-user or hidden-warden"]),
        (("no-network", "own-pid-namespace"), (), ["no-network", "own-pid-namespace"]),
    ],
)
def test_some_layers_must_stand(
    missing: tuple[str, ...], more: tuple[str, ...], said: list[str]
) -> None:
    assert lacking(set(LAYERS) - set(missing), more) == said


def test_a_layer_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match="no layer is called 'secomp'"):
        checked(EngineConfig, {"require": ["secomp"]}, "setting")


class WithoutFilter(Bubblewrap):
    """Its warden leaves the system call filter out and says nothing."""

    async def open(self) -> None:
        await super().open()
        assert self._files is not None
        source = Path(self._files.name, "warden", "seccomp.py")
        source.write_text(source.read_text() + "\n\ndef install() -> None:\n    pass\n")


class WithOurs(Bubblewrap):
    """Its sandboxes share one kind of namespace with the host."""

    kind = "ipc"

    def _walls(self, uid: int | None) -> list[str]:
        return [word for word in super()._walls(uid) if word != f"--unshare-{self.kind}"]


class WithOurNetwork(WithOurs):
    kind = "net"


@pytest.mark.bubblewrap
async def test_the_layers_are_those_that_have_names() -> None:
    async with open_engine("bubblewrap") as engine:
        isolation = await engine.isolation()
    assert isolation is not None
    assert sorted((*isolation.enforced, *isolation.missing)) == sorted(LAYERS)


@pytest.mark.bubblewrap
async def test_a_filter_that_is_not_there_is_noticed_and_nothing_runs() -> None:
    with pytest.raises(BackendUnavailable, match="without seccomp"):
        async with Engine(CONFIG, backend=WithoutFilter(CONFIG)) as engine:
            await engine.isolation()


@pytest.mark.bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="a user's sandbox is made with all namespaces")
async def test_namespaces_of_the_host_are_noticed() -> None:
    async with Engine(CONFIG, backend=WithOurs(CONFIG)) as engine:
        isolation = await engine.isolation()
    assert isolation is not None
    assert "own-ipc-namespace" in isolation.missing
    with pytest.raises(BackendUnavailable, match="without no-network"):
        async with Engine(CONFIG, backend=WithOurNetwork(CONFIG)) as engine:
            await engine.isolation()


class InAPod(Bubblewrap):
    """Its wardens are started as the manifest for Kubernetes starts them."""

    def _warden(self, *given: Any, **named: Any) -> list[str]:
        return [*super()._warden(*given, **named), "--shared-kernel"]


@pytest.mark.bubblewrap
async def test_sockets_that_are_not_compared_are_said() -> None:
    async with Engine(CONFIG, backend=InAPod(CONFIG)) as engine:
        isolation = await engine.isolation()
        verdict = await engine.verify(Sample(code="print(1)"))
    assert isolation is not None
    assert "counted-sockets" in isolation.missing
    assert verdict.isolation is not None
    assert "counted-sockets" in verdict.isolation.missing
    config = CONFIG.model_copy(update={"require": ("counted-sockets",)})
    with pytest.raises(BackendUnavailable, match="counted-sockets"):
        async with Engine(config, backend=InAPod(config)) as engine:
            await engine.isolation()


@pytest.mark.bubblewrap
async def test_a_required_layer_that_is_missing_ends_it() -> None:
    async with open_engine("bubblewrap") as engine:
        isolation = await engine.isolation()
    assert isolation is not None
    for name in isolation.missing[:1]:
        config = CONFIG.model_copy(update={"require": (name,)})
        with pytest.raises(BackendUnavailable, match=name):
            async with Engine(config) as engine:
                await engine.isolation()
