"""What is shown while a run goes on."""

from veristone.cli.generate_status import Rates, pass_rate
from veristone.generators.synthesis.pipeline.chain import StageStatus
from veristone.queues import Stats


def stage(name: str, **counts: int) -> StageStatus:
    queue = Stats(ready=1, leased=0, delayed=0, dead=0, done=0, finished=False)
    return StageStatus(name, queue, {key.replace("__", ":"): n for key, n in counts.items()})


def test_tokens_a_second_are_those_of_the_last_half_minute() -> None:
    rates = Rates()
    assert rates.note(100.0, [stage("a", completion_tokens=5000)]) == {"a": 0.0}
    assert rates.note(110.0, [stage("a", completion_tokens=6000)]) == {"a": 100.0}
    told = [
        rates.note(float(second), [stage("a", completion_tokens=6000)])
        for second in range(120, 200, 10)
    ]
    assert told[-1] == {"a": 0.0}
    # A stage that has made nothing yet is there all the same.
    assert rates.note(200.0, [stage("a", completion_tokens=6000), stage("b")])["b"] == 0.0


def test_the_pass_rate_is_that_of_the_verdicts() -> None:
    assert pass_rate(stage("verify")) == ""
    assert pass_rate(stage("verify", verdict__passed=1, verdict__cpu_timeout=2)) == "33.3 %"
    assert pass_rate(stage("verify", verdict__cpu_timeout=2)) == "0.0 %"
