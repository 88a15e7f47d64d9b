"""The attacks that anybody can run: held here, and not believed where they did not run."""

import ast
from typing import Any

import pytest
from backends import open_engine

from veristone import Isolation
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.selfcheck import _PROGRAMS, attacks, facts


async def test_every_attack_is_held(backend: str) -> None:
    async with open_engine(backend) as engine:
        outcomes = [outcome async for outcome in attacks(engine)]
    assert len(outcomes) > 10
    assert [outcome for outcome in outcomes if not outcome.held] == []


async def test_an_attack_that_never_ran_is_not_held() -> None:
    backend = FakeBackend(lambda job: report(exit_code=None, killed="cpu", cpu_s=30.0))
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        outcomes = [outcome async for outcome in attacks(engine)]
    charged = [outcome for outcome in outcomes if "nobody waits" in outcome.subject]
    assert [outcome.held for outcome in charged] == [False]
    assert "did not run" in charged[0].detail


@pytest.mark.parametrize(("missing", "held"), [((), False), (("memory-cgroup",), None)])
async def test_what_only_a_missing_wall_would_hold_is_no_fault(
    missing: tuple[str, ...], held: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolation = Isolation(backend="fake", missing=missing)

    def stands(**_: Any) -> Isolation:
        return isolation

    monkeypatch.setattr("veristone.engine.backends.fake.Isolation", stands)
    backend = FakeBackend(lambda job: report(stdout="ran\n"))
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        outcomes = [outcome async for outcome in attacks(engine)]
    assert [one.held for one in outcomes if "memory in sockets" in one.subject] == [held]
    assert [one.held for one in outcomes if "for children" in one.subject] == [False]


def test_the_programs_do_nothing_where_they_are_only_imported() -> None:
    """They attack as soon as they are called, and a host that imports one is no sandbox."""
    programs = sorted(_PROGRAMS.glob("*.py"))
    assert programs
    for program in programs:
        harmless = (ast.Import, ast.ImportFrom, ast.FunctionDef)
        assert all(isinstance(node, harmless) for node in ast.parse(program.read_text()).body)


def test_facts_of_the_host_never_make_a_back_end_unsound() -> None:
    assert {fact.subject.split()[0] for fact in facts()} >= {"no", "addresses"}
    assert all(fact.held is not False for fact in facts())
