"""A run's folder, and what a run is made of.

    FOLDER/
      generation.json        what the run is: format, name, digest of the recipe, stages, queues
      recipe.json            the recipe as it was when the run began, prompts and examples included
      run.sqlite             a queue for each stage, with what it made; `verify` is the last
      concepts.jsonl, ...    exports (`export`)

With queues on Redis there are only the two JSON files and the exports: a copy of the folder on
another host is enough to join the run.

A folder belongs to one recipe for ever, larger limits of tokens aside: results of two would be told
apart by nothing.
"""

import contextlib
import hashlib
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import msgspec

from veristone import ConfigError
from veristone.files import write_whole
from veristone.generators.synthesis.pipeline.chain import VERIFY, Chain
from veristone.queues import Policy, RedisQueue, SampleQueue, SQLiteQueue

__all__ = ["ATTEMPTS", "EXPORTS", "Identity", "RunFolder", "begin", "find", "is_run"]

ATTEMPTS = 20
"""Failed deliveries before a record is a dead letter. Every kill of a worker costs one to each
record that it held; with the pauses between them 20 of a server's failures are 8 minutes."""
EXPORTS = (
    "concepts.jsonl",
    "instructions.jsonl",
    "responses.jsonl",
    "verdicts.jsonl",
    "refused.jsonl",
    "dead.jsonl",
    "counts.json",
)
_IDENTITY, _RECIPE, _STORE = "generation.json", "recipe.json", "run.sqlite"
_FORMAT = 2
_MAX_RESULT_BYTES = 256 * 1024 * 1024
"""Largest result of one record: all that a stage made of it, the refusals with their texts. Where
it is larger, the record is a dead letter that says so."""
_INPUT, _BETWEEN = 1_000_000_000, 2000
"""Records that a queue holds: the first takes the whole input, the others keep what is between two
stages small. A producer waits beyond that."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a run itself. Written when it begins; only larger limits change it (`limits`)."""

    format: int = _FORMAT
    run: str
    """A random name: what is on a Redis server is found by it."""
    recipe: str
    """SHA-256 of the frozen recipe."""
    stages: tuple[str, ...]
    """In order, the verification included."""
    redis: str = ""
    """Address of the server that has the queues; empty: they are in the folder."""
    attempts: int = ATTEMPTS


class RunFolder:
    """A run that has begun. Open it with `begin` or `find`."""

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        self.identity = identity

    @property
    def stages(self) -> tuple[str, ...]:
        """All stages in order; the last is the verification."""
        return self.identity.stages

    @property
    def recipe_path(self) -> Path:
        """The frozen recipe."""
        return self.path / _RECIPE

    def recipe(self) -> bytes:
        """Return the frozen recipe.

        Raises:
            ConfigError: it is gone, or was changed.
        """
        try:
            frozen = self.recipe_path.read_bytes()
        except OSError as error:
            raise ConfigError(f"{self.recipe_path}: {error.strerror}") from error
        if hashlib.sha256(frozen).hexdigest() != self.identity.recipe:
            raise ConfigError(
                f"{self.recipe_path} was changed since the run began; give the changed recipe a"
                " folder of its own"
            )
        return frozen

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[Chain]:
        """Open the queues of all stages.

        Raises:
            ConfigError: the store is damaged, or something else.
            QueueUnavailable: it cannot be reached at present.
        """
        queues: dict[str, SampleQueue] = {}
        async with contextlib.AsyncExitStack() as stack:
            for name in self.stages:
                queues[name] = await stack.enter_async_context(self._queue(name, queues))
            yield Chain(self.stages, queues)

    def _queue(self, name: str, opened: Mapping[str, SampleQueue]) -> SampleQueue:
        policy = Policy(
            capacity=_BETWEEN if opened else _INPUT,
            max_attempts=self.identity.attempts,
            max_payload_bytes=_MAX_RESULT_BYTES,
            # A sandbox is there again within seconds, a model's server within minutes.
            retry_most_s=5.0 if name == VERIFY else 30.0,
        )
        if self.identity.redis:
            return RedisQueue(self.identity.redis, self.identity.run, policy, name=name)
        # In one process they share a connection, hence commits.
        first = opened.get(self.stages[0])
        if isinstance(first, SQLiteQueue):
            return first.beside(name, policy)
        return SQLiteQueue(self.path / _STORE, policy, name=name)


def _write_identity(path: Path, identity: Identity) -> None:
    content = msgspec.json.format(msgspec.json.encode(identity), indent=1)
    write_whole(path / _IDENTITY, content + b"\n")


def is_run(path: Path) -> bool:
    """True where a run of this kind has begun."""
    return (path / _IDENTITY).is_file()


def find(path: Path) -> RunFolder:
    """Open a folder that a run has begun in.

    Raises:
        ConfigError: there is none, or it is damaged.
    """
    where = path / _IDENTITY
    try:
        identity = msgspec.json.decode(where.read_bytes(), type=Identity)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no run of ours; begin one with `veristone generate start`"
        ) from None
    except OSError as error:
        raise ConfigError(f"{where}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{where} is damaged: {error}") from error
    if identity.format != _FORMAT:
        raise ConfigError(
            f"{where} has format {identity.format}, this program knows format {_FORMAT}: use the"
            " program that made it, or a new folder"
        )
    return RunFolder(path, identity)


def begin(
    path: Path,
    frozen: bytes,
    stages: Sequence[str],
    *,
    redis: str | None = None,
    attempts: int = ATTEMPTS,
) -> RunFolder:
    """Make a run's folder, or find the same run there. Call it inside `veristone.files.only_one`.

    `redis` and `attempts` are of a new run.

    Raises:
        ConfigError: the folder belongs to another recipe, or to something else.
        OSError: it cannot be written.
    """
    recipe = hashlib.sha256(frozen).hexdigest()
    if not is_run(path):
        for name in (_RECIPE, _STORE, *EXPORTS):
            if (path / name).exists():
                raise ConfigError(
                    f"{path}/{name} is not ours and would be written over: give an empty folder"
                )
        identity = Identity(
            run=secrets.token_hex(8),
            recipe=recipe,
            stages=(*stages, VERIFY),
            redis=redis or "",
            attempts=attempts,
        )
        _write_identity(path, identity)
    folder = find(path)
    if folder.identity.recipe != recipe:
        raise ConfigError(
            f"{path} holds a run of another recipe, or of this one before its settings,"
            " prompts or examples were changed: give another folder"
        )
    if redis not in (None, folder.identity.redis):
        raise ConfigError(f"{path}: this run has its queues elsewhere: leave --queues out")
    if not folder.recipe_path.exists():
        write_whole(folder.recipe_path, frozen)
    return folder
