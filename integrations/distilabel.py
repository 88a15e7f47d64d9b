"""A step for distilabel's pipelines: rows of code and tests get a verdict.

    generate >> Verify(url="http://127.0.0.1:8080", input_mappings={"code": "generation"}) >> keep

For distilabel 1.5.3.
"""

from typing import Any

from distilabel.mixins.runtime_parameters import RuntimeParameter
from distilabel.steps import Step, StepInput
from pydantic import Field, PrivateAttr

from veristone import Decision, SyncClient, Verdict
from veristone.integrations.asking import sample_of, share

__all__ = ["Verify"]


class Verify(Step):
    """Adds `decision`, `reason` and `passed` (the share of tests) to rows with `code` and `tests`.

    A row without a verdict says `undecided`, and its `passed` is None: nothing is dropped or
    marked as failed for a fault of ours. `input_mappings` name other columns.
    """

    url: RuntimeParameter[str | list[str]] = Field(
        default="http://127.0.0.1:8080", description="Of a service, or of several."
    )
    token: RuntimeParameter[str] | None = Field(default=None, description="Of a tenant.")
    deadline_s: RuntimeParameter[float] = Field(
        default=300.0, description="Seconds that a row may take, its waiting included."
    )
    _client: SyncClient | None = PrivateAttr(default=None)

    @property
    def inputs(self) -> list[str]:
        """Columns that are read; `tests` says how a row is checked (`veristone.forms.check_of`)."""
        return ["code", "tests"]

    @property
    def outputs(self) -> list[str]:
        """Columns that are added."""
        return ["decision", "reason", "passed"]

    def load(self) -> None:
        """Connect; called by distilabel in the step's own process."""
        super().load()
        urls = [self.url] if isinstance(self.url, str) else self.url
        self._client = SyncClient(*urls, token=self.token, deadline_s=self.deadline_s)

    def unload(self) -> None:
        """Disconnect."""
        super().unload()
        if self._client is not None:
            self._client.close()

    def process(self, inputs: StepInput) -> Any:
        """Judge a batch of rows.

        Raises:
            InvalidSample: a row does not say how it is checked.
        """
        assert self._client is not None, "distilabel loads a step before it gives it rows"
        samples = [sample_of(str(row["code"]), row["tests"]) for row in inputs]
        verdicts = self._client.verify_many(samples)
        yield [row | _columns(each) for row, each in zip(inputs, verdicts, strict=True)]


def _columns(verdict: Verdict) -> dict[str, Any]:
    return {
        "decision": str(verdict.decision),
        "reason": str(verdict.reason),
        "passed": None if verdict.decision is Decision.UNDECIDED else share(verdict),
    }
