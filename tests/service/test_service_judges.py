"""Dialects that judge: SandboxFusion's and ScaleBox's online judge, open-instruct, remote rewards.

Over real sandboxes: what these say is pass or fail, so pass and fail are tried.
"""

from collections.abc import Generator
from typing import Any

import httpx
import msgspec
import pytest
from serving import served, serving

from veristone import (
    AssertsCheck,
    Decision,
    FunctionCheck,
    ProgramCheck,
    Reason,
    SandboxFailure,
    StdioCheck,
    Verdict,
)
from veristone.engine.backends.fake import FakeBackend
from veristone.generators.code.answer_sample import answer_sample
from veristone.service.dialects import nemo_skills, online_judge

ADD = "Here it is:\n```python\ndef add(a, b):\n    return a + b\n```\n"
ECHO = "```python\nprint(int(input()) + 1)\n```"


@pytest.fixture(scope="module")
def client() -> Generator[httpx.Client]:
    """A client of a service with real sandboxes."""
    with served() as (url, _), httpx.Client(base_url=url, timeout=60) as opened:
        yield opened


def submitted(completion: str, data: Any, **config: Any) -> dict[str, Any]:
    return {
        "completion": completion,
        "id": 7,
        "config": {"language": "python", "provided_data": data, "run_timeout": 2} | config,
    }


def cases(*pairs: tuple[Any, Any], **more: Any) -> dict[str, Any]:
    """ScaleBox's list of objects."""
    return {"test_cases": [{"input": one, "output": other} | more for one, other in pairs]}


def lists(*pairs: tuple[Any, Any], **more: Any) -> dict[str, Any]:
    """ScaleBox's lists side by side."""
    given, wanted = [one for one, _ in pairs], [other for _, other in pairs]
    return {"test_cases": {"type": "stdin_stdout", "input": given, "output": wanted} | more}


@pytest.mark.bubblewrap
@pytest.mark.parametrize("path", ["/common_evaluate", "/common_evaluate_batch"])
class TestScaleBox:
    def ask(self, client: httpx.Client, path: str, *args: Any, **more: Any) -> Any:
        answer = client.post(path, json=submitted(*args, **more))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def data(self, path: str, *pairs: tuple[Any, Any], **more: Any) -> dict[str, Any]:
        return (lists if path.endswith("batch") else cases)(*pairs, **more)

    def test_a_program(self, client: httpx.Client, path: str) -> None:
        right = self.ask(client, path, ECHO, self.data(path, ("1", "2"), ("5", "6.00000001")))
        assert (right["id"], right["accepted"]) == (7, True)
        assert [each["passed"] for each in right["tests"]] == [True, True]
        data = self.data(path, ("1", "2"), ("1", "3"), ("2", "3"))
        wrong = self.ask(client, path, ECHO, data)
        assert [each["passed"] for each in wrong["tests"]] == [True, False]
        every = self.ask(client, path, ECHO, data, extra={"run_all_cases": True})
        assert [each["passed"] for each in every["tests"]] == [True, False, True]
        assert every["tests"][1]["exec_info"]["status"] == "Failed"

    def test_every_line_counts(self, client: httpx.Client, path: str) -> None:
        """A right first line, or right lines and more, pass at ScaleBox."""
        for program, wanted in (("print(1)", "1\n2"), ("print(1); print(2)", "1")):
            answer = self.ask(client, path, program, self.data(path, ("", wanted)))
            assert answer["accepted"] is False

    def test_a_function(self, client: httpx.Client, path: str) -> None:
        data = self.data(path, ([1, 2], [3]), ([2, 2], [4]), type="function_call", fn_name="add")
        assert (self.ask(client, path, ADD, data))["accepted"] is True
        data = self.data(path, ([1, 2], [4]), type="function_call", fn_name="add")
        assert (self.ask(client, path, ADD, data))["accepted"] is False

    def test_a_special_judge(self, client: httpx.Client, path: str) -> None:
        judge = (
            "import sys\n"
            "given, wanted, got = (open(name).read() for name in\n"
            "                      ('stdin.txt', 'stdout.txt', 'answer.txt'))\n"
            "sys.exit(0 if abs(int(got)) == int(wanted) else 1)\n"
        )
        extra = {"special_judge_program": judge}
        data = self.data(path, ("3", "3"))
        right = self.ask(client, path, "print(-int(input()))", data, extra=extra)
        wrong = self.ask(client, path, "print(7)", data, extra=extra)
        assert (right["accepted"], wrong["accepted"]) == (True, False)


@pytest.mark.bubblewrap
class TestOthers:
    def test_scalebox_asserts(self, client: httpx.Client) -> None:
        test = "def check(f):\n    assert f(1, 2) == 3\n"
        for fields in ({"test": test, "entry_point": "add"}, {"tests": f"{test}check(add)"}):
            data = {"test_cases": {"type": "assert"} | fields}
            answer = client.post("/common_evaluate_batch", json=submitted(ADD, data))
            assert answer.json()["accepted"] is True, answer.text
        wrong = ADD.replace("a + b", "a - b")
        answer = client.post("/common_evaluate_batch", json=submitted(wrong, data))
        assert answer.json()["accepted"] is False

    def test_open_instruct(self, client: httpx.Client) -> None:
        program = "def add(a, b): return a + b"
        tests = ["assert add(1, 2) == 3", "assert add(0, 0) == 1", "assert add(-1, 1) == 0"]
        answer = client.post("/test_program", json={"program": program, "tests": tests})
        assert answer.json()["results"] == [1, 0, 1]
        assert [each > 0 for each in answer.json()["runtimes"]] == [True, False, True]
        pairs = [{"input": "1\n", "output": "2\n"}, {"input": "1", "output": "3"}]
        body = {"program": "print(int(input()) + 1)", "tests": pairs}
        answer = client.post("/test_program_stdio", json=body)
        assert answer.json()["results"] == [1, 0]

    def test_nemo_skills(self, client: httpx.Client) -> None:
        def ask(code: str, **more: Any) -> Any:
            body = {"generated_code": code, "language": "python", "timeout": 2} | more
            return (client.post("/execute", json=body)).json()

        assert ask("print(input())", std_input="x") == {
            "process_status": "completed",
            "stdout": "x\n",
            "stderr": "",
        }
        assert (ask("1/0"))["process_status"] == "error"
        cut = ask("print('x' * 100)", max_output_characters=10)
        assert cut["stdout"].startswith("x" * 10 + "<")
        assert "session" in (ask("1", language="ipython"))["error"]

    def test_remote_rewards(self, client: httpx.Client) -> None:
        wrong, tests = ADD.replace("a + b", "a"), ["assert add(1, 2) == 3"]

        def ask(path: str, **body: Any) -> Any:
            answer = client.post(path, json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        assert ask("/reward/slime", prompt="p", response=ADD, label=tests) == 1.0
        assert ask("/reward/slime", prompt="p", response=wrong, label=tests) == 0.0
        query = [f"p{ADD}<|im_end|>", f"p{wrong}"]
        reply = ask("/reward/openrlhf", query=query, prompts=["p"] * 2, labels=[tests] * 2)
        assert reply["rewards"] == [1.0, 0.0]
        rows = [{"code": ADD, "tests": tests}, {"completion": wrong, "tests": tests}]
        reply = ask("/validate", data=rows)
        assert [each["is_valid"] for each in reply["data"]] == [True, False]
        content = [{"type": "output_text", "text": ADD}]
        response = {"output": [{"type": "reasoning"}, {"type": "message", "content": content}]}
        body = {"response": response, "verifier_metadata": {"unit_tests": tests}, "mine": 1}
        reply = ask("/verify", **body)
        assert (reply["reward"], reply["mine"]) == (1.0, 1)


BODIES: list[tuple[str, dict[str, Any], int]] = [
    ("/submit", submitted("x", {"test": []}, dataset_type="CommonOJDataset"), 504),
    ("/common_evaluate", submitted("x", cases(("", ""))), 504),
    ("/test_program", {"program": "x", "tests": ["assert x"]}, 503),
    ("/execute", {"generated_code": "x", "language": "python"}, 502),
    ("/reward/slime", {"response": "x", "label": "assert x"}, 503),
    ("/reward/openrlhf", {"query": ["x"], "prompts": [""], "labels": ["assert x"]}, 503),
]


@pytest.mark.parametrize(("path", "body", "status"), BODIES[1:])
async def test_no_verdict_is_no_zero(path: str, body: dict[str, Any], status: int) -> None:
    async with serving(FakeBackend(lambda job: SandboxFailure("gone"))) as client:
        answer = await client.post(path, json=body)
    assert (answer.status_code, "gone" in answer.text) == (status, True)


async def test_hosts_that_can_abstain_in_a_reply_are_told_so() -> None:
    content = [{"type": "output_text", "text": "x"}]
    gym = {
        "response": {"output": [{"type": "message", "content": content}]},
        "verifier_metadata": {"unit_tests": "assert x"},
    }
    async with serving(FakeBackend(lambda job: SandboxFailure("gone"))) as client:
        assert (await client.get("/reverify_mode")).json() == "stateless"
        reply = (await client.post("/verify", json=gym)).json()
        assert (reply["reward"], reply["mask_sample"]) == (0.0, True)
        assert reply["_ng_failure_class"] == "undecided"
        rows = [{"code": "x", "tests": "assert x"}]
        reply = (await client.post("/validate", json={"data": rows})).json()
        assert reply["data"][0]["is_valid"] is None


def test_what_a_submission_becomes() -> None:
    def sample(**body: Any) -> Any:
        return online_judge.dataset_sample(msgspec.convert(body, online_judge.Submit))

    row = {"id": 3, "test": '[{"input": {"stdin": "1"}, "output": {"stdout": "2"}}]'}
    got = sample(**submitted("print(2)", [{"id": 4}, row]) | {"id": 3, "dataset": "code_contests"})
    assert isinstance(got.check, StdioCheck)
    assert (got.check.cases[0].input, got.check.cases[0].output) == ("1", "2")
    assert got.limits.cpu_s == 2
    labels = {"programming_language": "cpp"}
    row = {"labels": labels, "test": {"code": "int main() {}"}}
    got = sample(**submitted("```cpp\nint x;\n```", row, dataset_type="AutoEvalDataset"))
    assert isinstance(got.check, ProgramCheck)
    assert got.code == "int x;\nint main() {}"
    row["labels"] = {"programming_language": "python"}
    got = sample(**submitted(ADD, row, dataset_type="AutoEvalDataset", memory_limit_mb=99))
    assert isinstance(got.check, AssertsCheck)


async def test_prompts_are_those_of_the_request() -> None:
    rows = [{"id": "a", "content": "Do.", "labels": '{"x": 1}'}, {"id": "b", "content": "Undo."}]
    body = {"dataset": "code_contests", "config": {"provided_data": rows}}
    async with serving() as client:
        assert (await client.post("/list_ids", json=body)).json() == ["a", "b"]
        prompts = (await client.post("/get_prompts", json=body | {"offset": 1})).json()
        assert prompts == [{"id": "b", "prompt": "Undo.", "labels": {}}]
        one = (await client.post("/get_prompt_by_id", json=body | {"id": "a"})).json()
        assert one == {"id": "a", "prompt": "Do.", "labels": {"x": 1}}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("/submit", submitted("x", {}) | {"dataset": "humaneval_python"}, "no eval class found"),
    ("/submit", submitted("x", None) | {"dataset": "code_contests"}, "provided_data"),
    ("/submit", submitted("x", [{"id": 1}]) | {"dataset": "code_contests"}, "no row with id 7"),
    ("/common_evaluate", submitted("x", {"test_cases": []}), "no test"),
    ("/common_evaluate", submitted("x", cases(("1", "2")), language=None), "config.language"),
    ("/common_evaluate", submitted("x", cases(("1", "2")), language="cobol"), "no sandbox for"),
    ("/common_evaluate", submitted("x", cases(("1", "2")), custom_extract_logic="1"), "not run"),
    ("/common_evaluate_batch", submitted("x", lists(("1", "2"), output=[])), "equally many"),
    ("/test_program", {"program": "x", "tests": "eJwrSS0uAQAEXQHB"}, "pickles"),
    ("/reward/slime", {"response": "x", "label": 3}, "no check in the row"),
    ("/verify", {"response": 3, "verifier_metadata": {"unit_tests": "x"}}, "Responses"),
    ("/verify", {"response": {}}, "verifier_metadata"),
    ("/validate", {"data": [{"tests": "x"}]}, "as `code` or `completion`"),
]


@pytest.mark.parametrize(("path", "body", "says"), REFUSED)
async def test_what_cannot_be_judged_is_explained(
    path: str, body: dict[str, Any], says: str
) -> None:
    async with serving() as client:
        answer = await client.post(path, json=body)
    assert answer.status_code in (400, 422)
    assert says in answer.json()["detail"]


def test_nemo_skills_replies() -> None:
    slow = Verdict(id="x", decision=Decision.FAIL, reason=Reason.CPU_TIMEOUT, message="too slow")
    request = nemo_skills.Execute(generated_code="", language="shell")
    assert nemo_skills.to_reply(request, slow) == nemo_skills.ExecuteReply(
        process_status="timeout", stdout="", stderr="too slow"
    )


def test_an_answers_check_names_its_function() -> None:
    tests = {"inputs": [[1, 2]], "outputs": [3], "fn_name": "add"}
    sample = answer_sample(f"```python\nadd(1, 2)\n```\n{ADD}", tests)
    assert isinstance(sample.check, FunctionCheck)
    assert sample.code.startswith("def add")
