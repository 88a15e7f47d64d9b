"""From a row and a completion to a verdict: what all hosts share.

A host that hands no settings to what it calls by name leaves them to the environment:
``VERISTONE_URL`` names the service (several with commas or spaces between), ``VERISTONE_TOKEN``
holds a tenant's token.
"""

import asyncio
import functools
import logging
import os
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, cast

from veristone import Client, ConfigError, Decision, Limits, Sample, Verdict
from veristone.generators.code.answer_sample import answer_sample

__all__ = [
    "Asker",
    "asker_of_environment",
    "completion_text",
    "sample_of",
    "service_token",
    "service_urls",
    "share",
]

_log = logging.getLogger("veristone")


def completion_text(completion: Any) -> str:
    """Return what the model wrote: a text, or the last message of a conversation."""
    if isinstance(completion, str):
        return completion
    messages = cast("Sequence[Mapping[str, Any]]", completion)
    return str(messages[-1].get("content") or "") if messages else ""


def sample_of(
    completion: Any, check: Any, language: str = "python", limits: Limits | None = None
) -> Sample:
    """Return the sample that a completion and a row's check are.

    Raises:
        InvalidSample: the row's check is none.
    """
    return answer_sample(completion_text(completion), check, language, limits)


def share(verdict: Verdict) -> float:
    """Return the share of tests that passed: 1 for a pass, less for any other."""
    if verdict.decision == "pass":
        return 1.0
    # What ended badly did not do all of it, whatever its tests say.
    return min(verdict.passed / verdict.total, 0.99) if verdict.total else 0.0


class Asker:
    """Asks services about completions; makes a client for each event loop that it is used in.

    What has no verdict is counted, and said in the log each time the count has doubled: a host that
    cannot leave an answer out would hide that its service is away.

    Args:
        urls: of services.
        token: of a tenant.
        deadline_s: seconds that a completion may take, its waiting included.
        cpu_s: CPU seconds of each run of a program.
        client: asked in place of services, by tests.
    """

    def __init__(
        self,
        *urls: str,
        token: str | None = None,
        deadline_s: float = 120.0,
        cpu_s: float = 10.0,
        client: Client | None = None,
    ) -> None:
        if not urls and client is None:
            raise ConfigError("give the address of a service: http://127.0.0.1:8080")
        self._urls = urls
        self._token = token
        self._deadline_s = deadline_s
        self._limits = Limits(cpu_s=cpu_s, wall_s=2 * cpu_s)
        self._given = client
        self._asked = self._undecided = 0
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Client] = (
            weakref.WeakKeyDictionary()
        )

    async def ask(self, completion: Any, check: Any, language: str = "python") -> Verdict:
        """Judge the code in a completion.

        Raises:
            InvalidSample: the row's check is none, or no service can judge the code.
        """
        sample = sample_of(completion, check, language, self._limits)
        verdict = await self._client().verify(sample, self._deadline_s)
        self._count(verdict)
        return verdict

    def _count(self, verdict: Verdict) -> None:
        self._asked += 1
        if verdict.decision is not Decision.UNDECIDED:
            return
        self._undecided += 1
        if self._undecided.bit_count() == 1:
            _log.warning(
                "no verdict on %d of %d answers; the last: %s",
                self._undecided,
                self._asked,
                verdict.message,
            )

    def _client(self) -> Client:
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = Client(*self._urls, token=self._token)
        return self._clients[loop]


def service_urls(given: str = "") -> list[str]:
    """Return the addresses in a text, or those that the environment names."""
    named = given or os.environ.get("VERISTONE_URL", "http://127.0.0.1:8080")
    return named.replace(",", " ").split()


def service_token() -> str | None:
    """Return the token that the environment holds."""
    return os.environ.get("VERISTONE_TOKEN")


@functools.lru_cache(maxsize=16)
def asker_of_environment(deadline_s: float, client: Client | None = None) -> Asker:
    """Return who asks the services that the environment names, always the same one."""
    return Asker(*service_urls(), token=service_token(), deadline_s=deadline_s, client=client)
