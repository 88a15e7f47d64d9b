"""A block for datatrove's pipelines: documents whose code passes go on.

pipeline = [JsonlReader(...), VerifyFilter("http://127.0.0.1:8080"), JsonlWriter(...)]
"""

from collections.abc import Sequence
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from veristone import Decision, SandboxFailure, SyncClient
from veristone.integrations.asking import sample_of

__all__ = ["VerifyFilter"]


class VerifyFilter(BaseFilter):
    """Keeps documents whose code passes its tests, and writes the reason into their metadata.

    A document without a verdict is never dropped as if it had failed: it ends the rank, which
    datatrove runs again, or stays with ``metadata["veristone"]`` saying so.

    Args:
        urls: of services.
        tests: field of a document's metadata that says how its text is checked; see
            `veristone.forms.check_of`.
        keep_undecided: keep what has no verdict, in place of ending the rank.
        token: of a tenant.
        deadline_s: seconds that a document may take, its waiting included.
        batch_size: documents that are under way at one time.
        exclusion_writer: takes what is dropped.
    """

    name = "Veristone"

    def __init__(
        self,
        *urls: str,
        tests: str = "tests",
        keep_undecided: bool = False,
        token: str | None = None,
        deadline_s: float = 300.0,
        batch_size: int = 256,
        exclusion_writer: Any = None,
    ) -> None:
        super().__init__(exclusion_writer, batch_size)
        self._urls = urls
        self._tests = tests
        self._keep_undecided = keep_undecided
        self._token = token
        self._deadline_s = deadline_s
        # Made where it is used: blocks are pickled and sent to other processes.
        self._client: SyncClient | None = None

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Called by datatrove with one document."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: Sequence[Document]) -> list[bool | tuple[bool, str]]:
        """Called by datatrove.

        Raises:
            SandboxFailure: a document has no verdict.
            InvalidSample: a document does not say how it is checked.
        """
        if self._client is None:
            self._client = SyncClient(*self._urls, token=self._token, deadline_s=self._deadline_s)
        samples = [sample_of(each.text, each.metadata.get(self._tests)) for each in batch]
        verdicts = self._client.verify_many(samples)
        kept: list[bool | tuple[bool, str]] = []
        for document, verdict in zip(batch, verdicts, strict=True):
            document.metadata["veristone"] = str(verdict.reason)
            undecided = verdict.decision is Decision.UNDECIDED
            if undecided and not self._keep_undecided:
                raise SandboxFailure(f"document {document.id}: no verdict: {verdict.message}")
            passed = undecided or verdict.decision is Decision.PASS
            kept.append(passed or (False, str(verdict.reason)))
        return kept
