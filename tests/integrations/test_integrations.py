"""Rewards for trainers: what rows may look like, and that no fault of ours becomes a zero."""

import asyncio
import json
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from hosts import host

from veristone import (
    AssertsCheck,
    Client,
    ConfigError,
    FunctionCheck,
    InvalidSample,
    ProgramCheck,
    SandboxFailure,
    StdioCheck,
    SyncClient,
)
from veristone.forms import check_of
from veristone.integrations import datatrove, ray, slime, verifiers, verl
from veristone.integrations.trl import reward

TESTS = "assert f(1) == 2"
RIGHTS = "right right right right"
RIGHT = "Sure:\n```python\ndef f(x):\n    return x + 1\n```\n"


def answering(request: httpx.Request) -> httpx.Response:
    """A service that judges by words in the code."""
    code = json.loads(request.content)["code"]
    if "broken" in code:
        return httpx.Response(503, json={"error": "no sandbox"})
    passed = code.count("right")
    reason = "passed" if passed == 4 else "wrong_answer"
    decision = "pass" if passed == 4 else "fail"
    verdict = {"id": "x", "decision": decision, "reason": reason, "passed": passed, "total": 4}
    return httpx.Response(200, json=verdict)


def client() -> Client:
    return Client("http://service", transport=httpx.MockTransport(answering))


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (TESTS, AssertsCheck),
        ({"kind": "program"}, ProgramCheck),
        ('{"kind": "asserts", "tests": "assert 1"}', AssertsCheck),
        ({"inputs": ["1\n"], "outputs": ["2\n"]}, StdioCheck),
        (json.dumps({"inputs": ["1\n"], "outputs": ["2\n"]}), StdioCheck),
        ({"inputs": ['1\n"a"'], "outputs": ["[2]"], "fn_name": "f"}, FunctionCheck),
        ({"assert_case": ["assert f(1) == 2", "assert f(2) == 3"]}, AssertsCheck),
        ([{"input": "1", "output": "2"}], StdioCheck),
        ({"language": "python", "test_cases": [{"input": "1", "output": "2"}]}, StdioCheck),
        (["assert f(1) == 2"], AssertsCheck),
        (np.array(["assert f(1) == 2"], dtype=object), AssertsCheck),
        (np.array([{"input": "1", "output": "2"}], dtype=object), StdioCheck),
        ({"inputs": np.array(["1"]), "outputs": np.array(["2"])}, StdioCheck),
        ([{"fn_name": "f", "input": "1", "output": "2", "type": "function_call"}], FunctionCheck),
        ([{"input": "1", "output": "2", "metadata": {"func_name": "f"}}], FunctionCheck),
        ([{"input": "1", "output": "2", "metadata": '{"func_name": null}'}], StdioCheck),
        ({"kind": "asserts", "tests": TESTS, "cases": None, "compare": None}, AssertsCheck),
        ({"kind": "stdio", "cases": [{"input": "1"}], "compare": None}, StdioCheck),
    ],
)
def test_rows_of_other_peoples_datasets(row: Any, kind: type) -> None:
    assert isinstance(check_of(row), kind)


def test_arguments_of_a_function_are_json_one_a_line() -> None:
    check = check_of({"inputs": ['1\n"a"\nplain'], "outputs": ["[2]"], "fn_name": "f"})
    assert isinstance(check, FunctionCheck)
    assert check.entry_point == "f"
    assert check.calls[0].args == [1, "a", "plain"]
    assert check.calls[0].expected == [2]


def test_one_input_may_be_a_text_and_no_list() -> None:
    check = check_of({"inputs": "12\n", "outputs": "24\n"})
    assert isinstance(check, StdioCheck)
    assert [(case.input, case.output) for case in check.cases] == [("12\n", "24\n")]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([[3], [4]], [3, 4]),  # APPS: each in a list of one
        (["[3]", "[4]"], [[3], [4]]),
        ([[3], [4, 5]], [[3], [4, 5]]),
        (["True", "None\n"], [True, None]),
    ],
)
def test_values_of_a_function(wanted: list[Any], expected: list[Any]) -> None:
    check = check_of({"inputs": ["1\n", "2\n"], "outputs": wanted, "fn_name": "f"})
    assert isinstance(check, FunctionCheck)
    assert [call.args for call in check.calls] == [[1], [2]]
    assert [call.expected for call in check.calls] == expected


@pytest.mark.parametrize(
    "row",
    [
        *(None, 1, [], {}, {"kind": "nothing"}, {"inputs": []}),
        *("", " \n", {"inputs": [], "outputs": []}),
        *({"test_cases": []}, [{"input": "1", "output": "2", "type": "function_call"}]),
    ],
)
def test_a_row_without_a_check_is_said(row: Any) -> None:
    with pytest.raises(InvalidSample, match="check"):
        check_of(row)


async def test_trls_reward_is_none_where_there_is_no_verdict() -> None:
    metrics: dict[str, float] = {}
    reward_of = reward(client=client(), deadline_s=0.2)
    rewards = await reward_of(
        completions=[
            "```python\nright right right right\n```",
            "right right",
            [{"role": "assistant", "content": "broken"}],
        ],
        prompts=["", "", ""],
        completion_ids=[[], [], []],
        tests=[TESTS] * 3,
        log_metric=metrics.__setitem__,
    )
    assert rewards == [1.0, 0.0, None]
    assert metrics == {"undecided": pytest.approx(1 / 3)}


async def test_trls_rows_of_another_task_are_not_asked_about() -> None:
    rewards = await reward(client=client())(completions=[RIGHTS] * 2, tests=[TESTS, None])
    assert rewards == [1.0, None]


async def test_a_share_of_the_tests_is_less_than_a_pass() -> None:
    reward_of = reward(client=client(), partial=True)
    asked = {"completions": ["right " * count for count in range(5)], "tests": [TESTS] * 5}
    assert await reward_of(**asked) == [0.0, 0.25, 0.5, 0.75, 1.0]


async def test_a_dataset_without_the_column_is_said_before_anything_is_asked() -> None:
    with pytest.raises(InvalidSample, match="no column 'tests'; it has: answers"):
        await reward(client=client())(completions=[""], answers=[""])
    with pytest.raises(ConfigError, match="address of a service"):
        reward()


async def test_answers_without_a_verdict_are_said_in_the_log_and_do_not_flood_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reward_of = reward(client=client(), deadline_s=0.1)
    asked = [RIGHTS, *["broken"] * 5]
    await reward_of(completions=asked, tests=[TESTS] * len(asked))
    said = [record.getMessage() for record in caplog.records if record.name == "veristone"]
    assert [line.partition(" of ")[0] for line in said] == [f"no verdict on {n}" for n in (1, 2, 4)]
    assert "no sandbox" in said[0]


async def test_verls_score_has_the_same_keys_whatever_happens() -> None:
    asked = client()

    async def score(text: str, truth: Any = TESTS) -> dict[str, float]:
        return await verl.compute_score(
            "source", text, truth, {"index": 1}, client=asked, deadline_s=0.2
        )

    right, wrong, broken, no_row = await asyncio.gather(
        score("right right right right"), score("right"), score("broken"), score("right", None)
    )
    assert [each["score"] for each in (right, wrong, broken, no_row)] == [1.0, 0.0, 0.0, 0.0]
    assert [each["undecided"] for each in (right, wrong, broken, no_row)] == [0.0, 0.0, 1.0, 1.0]
    assert right.keys() == wrong.keys() == broken.keys() == no_row.keys()
    assert all(type(value) is float for each in (right, broken) for value in each.values())


def test_verl_takes_it_for_asynchronous() -> None:
    """As verl's reward loop looks (verl/experimental/reward_loop/reward_manager/naive.py)."""
    import inspect

    assert inspect.iscoroutinefunction(verl.compute_score)
    assert verl.compute_score.__module__ == "veristone.integrations.verl"


def in_place_of_services(monkeypatch: pytest.MonkeyPatch, *modules: Any) -> None:
    def made(*urls: str, **settings: Any) -> SyncClient:
        return SyncClient(*urls, **settings, transport=httpx.MockTransport(answering))

    for module in modules:
        monkeypatch.setattr(module, "SyncClient", made)


async def test_slime_leaves_out_what_has_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = client()
    monkeypatch.setattr(slime, "_DEADLINE_S", 0.2)
    samples = [
        SimpleNamespace(response=text, label=TESTS, remove_sample=False)
        for text in (RIGHTS, "wrong", "broken")
    ]
    assert await slime.reward(None, samples, client=asked) == [1.0, 0.0, 0.0]
    assert [each.remove_sample for each in samples] == [False, False, True]
    assert await slime.reward(None, samples[0], client=asked) == 1.0


def always(value: float) -> Any:
    """Return what says so, whatever it is asked."""

    def said(_: Any) -> float:
        return value

    return said


@pytest.mark.parametrize("estimator", ["grpo", "reinforce_plus_plus_baseline", "ppo"])
def test_slimes_groups_are_measured_by_verdicts_alone(estimator: str) -> None:
    args = SimpleNamespace(
        advantage_estimator=estimator, rewards_normalization=True, grpo_std_normalization=True
    )
    rows = [(0, 1.0, False), (0, 0.0, False), (0, 0.0, True), (1, 1.0, False), (1, 0.0, True)]
    samples = [
        SimpleNamespace(group_index=group, remove_sample=out, get_reward_value=always(value))
        for group, value, out in rows
    ]
    raw, rewards = slime.normalized(args, samples)
    assert raw == [1.0, 0.0, 0.0, 1.0, 0.0]
    wanted = {
        "grpo": [0.5**0.5, -(0.5**0.5), 0, 0, 0],
        "reinforce_plus_plus_baseline": [0.5, -0.5, 0, 0, 0],
        "ppo": raw,
    }
    assert rewards == pytest.approx(wanted[estimator], abs=1e-4)


async def test_verifiers_is_told_of_a_fault_by_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifiers, "_DEADLINE_S", 0.2)
    asked = client()

    def score(reply: str) -> Any:
        trace, task = SimpleNamespace(last_reply=reply), SimpleNamespace(tests=TESTS)
        return verifiers.verified(task, trace, client=asked)

    assert (await score(RIGHTS), await score("wrong")) == (1.0, 0.0)
    with pytest.raises(SandboxFailure, match="no verdict"):
        await score("broken")


def test_datatroves_filter_in_its_own_pipeline(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of datatrove 0.10.1, as it is: what passes goes on, what fails is counted by its reason."""
    in_place_of_services(monkeypatch, datatrove)
    given = [
        Document(text, str(n), metadata={"tests": TESTS}) for n, text in enumerate([RIGHTS, "x"])
    ]
    kept: list[Document] = []

    def take(data: Any, rank: int = 0, world_size: int = 1) -> Any:
        for document in data:
            kept.append(document)
            yield document

    block = datatrove.VerifyFilter("http://service")
    steps: list[Any] = [given, block, take]
    LocalPipelineExecutor(steps, logging_dir=str(tmp_path)).run()
    assert [(each.id, each.metadata["veristone"]) for each in kept] == [("0", "passed")]
    assert "dropped_wrong_answer" in (tmp_path / "stats.json").read_text()


def test_datatroves_filter_drops_nothing_for_a_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_place_of_services(monkeypatch, datatrove)
    broken = Document("broken", "a", metadata={"tests": TESTS})
    block = pickle.loads(pickle.dumps(datatrove.VerifyFilter("http://service", deadline_s=0.2)))
    with pytest.raises(SandboxFailure, match="document a: no verdict"):
        block.filter(broken)
    keeps = datatrove.VerifyFilter("http://service", deadline_s=0.2, keep_undecided=True)
    assert keeps.filter(broken) is True
    assert broken.metadata["veristone"] == "sandbox_error"


def test_rays_batches_get_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches as Ray Data hands them over: arrays by column, lists as arrays in them."""
    in_place_of_services(monkeypatch, ray)
    tests = np.empty(3, dtype=object)
    tests[:] = [TESTS, np.array([TESTS]), TESTS]
    batch = {"code": np.array([RIGHTS, "right", "broken"]), "tests": tests}
    done = ray.Verify("http://service", deadline_s=0.2)(batch)
    assert done["decision"] == ["pass", "fail", "undecided"]
    assert done["passed"] == [1.0, 0.25, None]
    assert done["code"] is batch["code"]


@pytest.mark.hosts
async def test_inspects_scorer_leaves_out_what_has_no_verdict() -> None:
    """Of inspect_ai 0.3.285."""
    model = host("inspect_ai.model")
    target = host("inspect_ai.scorer").Target(TESTS)
    solver = host("inspect_ai.solver")
    from veristone.integrations.inspect_ai import verified

    score = verified(client=client(), deadline_s=0.2)

    async def value(answer: str) -> Any:
        output = model.ModelOutput.from_content("m", answer)
        state = solver.TaskState(model.ModelName("mock/m"), 1, 1, "", [], output=output)
        scored = await score(state, target)
        assert scored is not None
        return scored.value

    assert (await value(RIGHTS), await value("wrong")) == ("C", "I")
    assert await value("broken") != await value("broken"), "not a number: left out of every mean"
