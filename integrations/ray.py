"""Verdicts as columns of a Ray Data set.

dataset.map_batches(
    Verify, fn_constructor_kwargs={"url": "http://127.0.0.1:8080"}, concurrency=4
)
"""

from typing import Any

from veristone import Decision, SyncClient
from veristone.integrations.asking import sample_of, share

__all__ = ["Verify"]


class Verify:
    """Adds the columns `decision`, `reason` and `passed` (the share of tests) to a batch.

    A row without a verdict says `undecided`, and its `passed` is None: no fault of ours is a zero.

    Args:
        url: of a service, or of several.
        code: column of the programs, or of the answers that hold them.
        tests: column that says how a row is checked; see `veristone.forms.check_of`.
        token: of a tenant.
        deadline_s: seconds that a row may take, its waiting included.
    """

    def __init__(
        self,
        url: str | list[str],
        *,
        code: str = "code",
        tests: str = "tests",
        token: str | None = None,
        deadline_s: float = 300.0,
    ) -> None:
        urls = [url] if isinstance(url, str) else url
        self._code, self._tests = code, tests
        self._client = SyncClient(*urls, token=token, deadline_s=deadline_s)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Called by Ray with columns (batch_format "default"): arrays or lists.

        Raises:
            InvalidSample: a row does not say how it is checked.
        """
        rows = zip(batch[self._code], batch[self._tests], strict=True)
        samples = [sample_of(str(code), _plain(tests)) for code, tests in rows]
        verdicts = self._client.verify_many(samples)
        return batch | {
            "decision": [str(verdict.decision) for verdict in verdicts],
            "reason": [str(verdict.reason) for verdict in verdicts],
            "passed": [
                None if verdict.decision is Decision.UNDECIDED else share(verdict)
                for verdict in verdicts
            ],
        }


def _plain(value: Any) -> Any:
    """Return what a cell holds; lists come as arrays."""
    return value.tolist() if hasattr(value, "tolist") else value
