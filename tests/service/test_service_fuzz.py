"""No request that the description allows, or forbids, is answered by a fault of ours."""

import asyncio
import contextlib
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend
from veristone.engine.config import SessionConfig
from veristone.service import Service, ServiceConfig

LONG = ("/v1/jobs",)
"""Takes any bytes, so that nothing is to be found by making them up."""


class Asked:
    """A service over a scripted back end and the loop that it lives in."""

    def __init__(self, loop: asyncio.AbstractEventLoop, app: Any) -> None:
        self._loop = loop
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)

    def send(self, request: httpx.Request) -> httpx.Response:
        async def send() -> httpx.Response:
            answer = await self._transport.handle_async_request(request)
            await answer.aread()
            return answer

        return self._loop.run_until_complete(send())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_is_a_fault() -> None:
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        engine = Engine(
            EngineConfig(sandboxes=2, sessions=SessionConfig(most=1024)), backend=FakeBackend()
        )
        loop.run_until_complete(engine.__aenter__())
        asked = Asked(loop, Service(engine, ServiceConfig()))
        answer = asked.send(httpx.Request("GET", "http://service/openapi.json"))
        schema: Any = schemathesis.openapi.from_dict(answer.json())
        tried = 0
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path.startswith(LONG):
                continue
            for mode in GenerationMode:
                try_operation(asked, operation.as_strategy(generation_mode=mode))
            tried += 1
        assert tried > 30
        loop.run_until_complete(engine.__aexit__(None, None, None))


def try_operation(asked: Asked, cases: Any) -> None:
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(cases)
    def ask(case: Any) -> None:
        given = case.as_transport_kwargs(base_url="http://service")
        sent = {k: given[k] for k in ("method", "url", "headers", "params", "json") if k in given}
        if isinstance(given.get("data"), bytes | str):
            sent["content"] = given["data"]
        answer = asked.send(httpx.Request(**sent))
        assert answer.status_code < 500, (sent, answer.text)

    with contextlib.suppress(Unsatisfiable):  # what takes nothing can be given nothing wrong
        ask()
