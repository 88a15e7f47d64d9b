"""The step in distilabel's own pipeline, and what a row without a verdict looks like."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from hosts import host
from served import served

pytestmark = pytest.mark.hosts
TESTS = "assert f(1) == 2"
ROWS = [
    {"generation": "```python\ndef f(x):\n    return x + 1\n```", "tests": TESTS},
    {"generation": "def f(x): return x", "tests": TESTS},
]


def step(**settings: Any) -> Any:
    """Return the step, as distilabel 1.5.3 builds it."""
    host("distilabel")
    from veristone.integrations.distilabel import Verify

    return Verify(name="verify", input_mappings={"code": "generation"}, **settings)


@pytest.mark.bubblewrap
@pytest.mark.slow
def test_rows_of_a_pipeline_get_verdicts(tmp_path: Path) -> None:
    steps = host("distilabel.steps")
    pipeline = host("distilabel.pipeline").Pipeline
    with served() as (url, _), pipeline(cache_dir=str(tmp_path)) as whole:
        load = steps.LoadDataFromDicts(data=ROWS)
        _ = load >> step(url=url)
        found = whole.run(use_cache=False)["default"]["train"]
    assert found["decision"] == ["pass", "fail"]
    assert found["reason"] == ["passed", "assertion_failed"]
    assert found["passed"] == [1.0, 0.0]


def test_a_row_without_a_verdict_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from veristone import SyncClient

    def away(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503, json={"error": "no sandbox"})

    made = step(url="http://service", deadline_s=0.2)

    def opened(*urls: str, **settings: Any) -> SyncClient:
        return SyncClient(*urls, **settings, transport=httpx.MockTransport(away))

    monkeypatch.setattr("veristone.integrations.distilabel.SyncClient", opened)
    made.load()
    (rows,) = made.process([{"code": "x", "tests": TESTS}])
    made.unload()
    assert rows == [
        {
            "code": "x",
            "tests": TESTS,
            "decision": "undecided",
            "reason": "sandbox_error",
            "passed": None,
        }
    ]
