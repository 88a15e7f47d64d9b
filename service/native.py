"""The service's own paths: `/v1/verify`, `/v1/verify_batch`, `/v1/languages`."""

import contextlib
from collections.abc import AsyncGenerator, Iterator
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.dto import MsgspecDTO
from litestar.exceptions import ClientException
from litestar.openapi.spec import Reference, Schema
from litestar.params import FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.typing import FieldDefinition

from veristone import (
    Decision,
    InvalidSample,
    Reason,
    Rejected,
    Sample,
    Verdict,
)
from veristone.engine.languages import installed
from veristone.engine.reading import read_sample
from veristone.service.admission import NoVerdict, Overloaded
from veristone.service.caller import AT_ONCE, Caller
from veristone.stream import stream_map

__all__ = ["JUDGING", "ROUTES", "LanguageInfo"]

Deadline = Annotated[
    float | None,
    QueryParameter(gt=0, le=86400, description="Seconds in which there must be an answer."),
]
_encode = msgspec.json.Encoder().encode


class LanguageInfo(msgspec.Struct, frozen=True):
    """A language that samples may be written in."""

    name: str
    aliases: list[str]


class _AsWritten(MsgspecDTO[Sample]):
    """Reads a sample as `veristone verify` does: what is misspelt is refused by name."""

    def decode_bytes(self, value: bytes) -> Sample:
        """Called by Litestar with the body."""
        return read_sample(value)

    @classmethod
    def create_for_field_definition(cls, *_: Any, **__: Any) -> None:
        """Called by Litestar; there is no model of the wire beside the sample itself."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """Called by Litestar to describe the body."""
        return schema_creator.for_field_definition(field_definition)


@post("/v1/verify", status_code=200, tags=["verify"], dto=_AsWritten, return_dto=None)
async def verify(
    data: JSONBody[Sample],
    caller: NamedDependency[Caller],
    deadline_s: Deadline = None,
) -> Verdict:
    """Judge one sample.

    Answers 429 with `Retry-After` where there is no time for it before the deadline: then nothing
    was judged, and a reward must leave the sample out.
    """
    return await caller.verify(data, deadline_s)


@post("/v1/verify_batch", status_code=200, tags=["verify"])
async def verify_batch(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    deadline_s: Deadline = None,
    stop_on: FromQuery[Literal["pass", "fail"] | None] = None,
) -> Stream:
    """Judge samples, one a line (NDJSON), or a JSON array of them.

    Answers one verdict a line as they finish, each with the `id` of its sample. A line that is no
    sample is answered by {"line": N, "error": ..., "rejected": true}; a sample without time before
    the deadline by a verdict `undecided`, reason `overloaded`. With `stop_on` the answer ends after
    the first such verdict: what has no line then was not judged.
    """
    items = list(_items(await request.body()))
    answers = _answers(items, caller, deadline_s, Decision(stop_on) if stop_on else None)
    return Stream(answers, media_type="application/x-ndjson")


@get("/v1/languages", tags=["about"])
async def languages() -> list[LanguageInfo]:
    """Name every language that samples may be written in."""
    return [LanguageInfo(each.name, each.aliases) for each in installed().values()]


def _items(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the samples of a request as JSON, each with its position from 1."""
    if body.lstrip().startswith(b"["):
        try:
            yield from enumerate(map(bytes, msgspec.json.decode(body, type=list[msgspec.Raw])), 1)
        except msgspec.MsgspecError as error:
            raise ClientException(str(error)) from error
    else:
        lines = enumerate(body.split(b"\n"), 1)
        yield from ((number, line) for number, line in lines if line.strip())


async def _answers(
    items: list[tuple[int, bytes]],
    caller: Caller,
    deadline_s: float | None,
    stop_on: Decision | None,
) -> AsyncGenerator[bytes]:
    async def answer(item: tuple[int, bytes]) -> Verdict | Rejected:
        number, text = item
        try:
            sample = read_sample(text)
            try:
                return await caller.verify(sample, deadline_s)
            except Overloaded as error:
                return Verdict.undecided(sample.id, Reason.OVERLOADED, str(error))
            except NoVerdict as error:
                return Verdict.undecided(sample.id, Reason.SANDBOX_ERROR, str(error))
        except InvalidSample as error:
            return Rejected(line=number, error=str(error))

    stream = stream_map(answer, items, workers=AT_ONCE, window=AT_ONCE, ordered=False)
    # Closed here also where whoever asked has left: nothing is judged on.
    async with contextlib.aclosing(stream) as answers:
        async for record in answers:
            yield _encode(record) + b"\n"
            if isinstance(record, Verdict) and record.decision == stop_on:
                break


ROUTES = [verify, verify_batch, languages]
JUDGING = ("/v1/verify", "/v1/verify_batch")
"""Where samples are judged."""
