"""A run's folder, and what a run is made of.

    FOLDER/
      generation.json        what the run is: format, name, digest of the recipe, stages, queues
      recipe.json            the recipe as it was when the run began, prompts and examples included
      queues/STAGE.sqlite    the input of each stage; `verify` is the last
      results.sqlite         what each stage made of each record
      concepts.jsonl, ...    exports (`export`)

With queues on Redis there are only the two JSON files and the exports: a copy of the folder on
another host is enough to join the run.

A folder belongs to one recipe for ever: results of two would be told apart by nothing.
"""

import hashlib
import re
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from veristone import ConfigError
from veristone.files import only_one, whole_file
from veristone.generators.synthesis.pipeline.judging import VERIFY
from veristone.generators.synthesis.pipeline.redis_store import RedisStore
from veristone.generators.synthesis.pipeline.sqlite_store import SQLiteStore
from veristone.generators.synthesis.pipeline.store import ResultStore
from veristone.generators.synthesis.pipeline.wire import MAX_RECORD_BYTES
from veristone.queues import Policy, RedisQueue, SampleQueue, SQLiteQueue
from veristone.queues.policy import parse_policy

__all__ = [
    "ATTEMPTS",
    "EXPORTS",
    "FEED",
    "Identity",
    "RunFolder",
    "begin",
    "check",
    "find",
    "is_run",
]

FEED = "feed"
"""Name of the producer that puts the input."""
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
_IDENTITY, _RECIPE = "generation.json", "recipe.json"
_FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_INPUT, _BETWEEN = 1_000_000, 2000
"""Records that a queue holds: the first takes the whole input of most runs at once, the others keep
what is between two stages small. A producer waits beyond that."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a run itself. Written when it begins, and never again."""

    format: int = _FORMAT
    run: str
    """A random name: what is on a Redis server is found by it."""
    recipe: str
    """SHA-256 of the frozen recipe."""
    stages: tuple[str, ...]
    """In order, the verification included."""
    redis: str = ""
    """Address of the server that has the queues; empty: they are in the folder."""
    policies: dict[str, str] = {}
    """Of each stage's queue."""


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
        if _digest(frozen) != self.identity.recipe:
            raise ConfigError(
                f"{self.recipe_path} was changed since the run began; give the changed recipe a"
                " folder of its own"
            )
        return frozen

    def store(self) -> ResultStore:
        """Return the store, not open yet."""
        if self.identity.redis:
            return RedisStore(self.identity.redis, self.identity.run)
        return SQLiteStore(self.path / "results.sqlite")

    def queue(self, stage: str) -> SampleQueue:
        """Return the input of a stage, not open yet."""
        policy = parse_policy(self.identity.policies[stage], str(self.path / _IDENTITY))
        if self.identity.redis:
            return RedisQueue(self.identity.redis, self.identity.run, policy, name=stage)
        return SQLiteQueue(self.path / "queues" / f"{stage}.sqlite", policy)

    def after(self, stage: str) -> str | None:
        """Return the stage that a stage's records go to."""
        number = self.stages.index(stage) + 1
        return self.stages[number] if number < len(self.stages) else None

    @contextmanager
    def alone(self) -> Generator[None]:
        """Keep every other process out that feeds, runs or exports the whole.

        Raises:
            ConfigError: another process works there.
        """
        with only_one(self.path):
            yield


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
    if set(identity.policies) != set(identity.stages) or not identity.stages:
        raise ConfigError(f"{where} is damaged: its stages and queues do not match")
    return RunFolder(path, identity)


def check(
    path: Path, frozen: bytes, *, redis: str | None = None, attempts: int | None = None
) -> None:
    """Raise what `begin` would, without touching anything."""
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{path} is a file: give a folder")
    if is_run(path):
        _check_same(find(path), frozen, redis, attempts)
    else:
        _check_not_foreign(path)


def begin(
    path: Path,
    frozen: bytes,
    stages: Sequence[str],
    *,
    redis: str | None = None,
    attempts: int | None = None,
) -> RunFolder:
    """Make a run's folder, or find the same run there. Call it inside `only_one`.

    `redis` and `attempts` are of a new run; None takes what is there.

    Raises:
        ConfigError: the folder belongs to another recipe, or to something else.
        OSError: it cannot be written.
    """
    check(path, frozen, redis=redis, attempts=attempts)
    if is_run(path):
        folder = find(path)
    else:
        names = _checked(stages)
        identity = Identity(
            run=secrets.token_hex(8),
            recipe=_digest(frozen),
            stages=names,
            redis=redis or "",
            policies={
                name: _policy(number, name, ATTEMPTS if attempts is None else attempts).to_json()
                for number, name in enumerate(names)
            },
        )
        with whole_file(path / _IDENTITY) as file:
            file.write(msgspec.json.format(msgspec.json.encode(identity), indent=1) + b"\n")
        folder = RunFolder(path, identity)
    if not folder.recipe_path.exists():
        with whole_file(folder.recipe_path) as file:
            file.write(frozen)
    if not folder.identity.redis:
        (path / "queues").mkdir(exist_ok=True)
    return folder


def _policy(number: int, stage: str, attempts: int) -> Policy:
    return Policy(
        capacity=_INPUT if number == 0 else _BETWEEN,
        max_attempts=attempts,
        max_payload_bytes=MAX_RECORD_BYTES,
        # A sandbox is there again within seconds, a model's server within minutes.
        retry_most_s=5.0 if stage == VERIFY else 30.0,
    )


def _checked(stages: Sequence[str]) -> tuple[str, ...]:
    for name in stages:
        if not _NAME.fullmatch(name) or name in (VERIFY, FEED):
            raise ConfigError(
                f"a stage cannot be called {name!r}: take up to 64 letters, digits and _-., and not"
                f" {VERIFY} or {FEED}"
            )
    if len(set(stages)) < len(stages) or not stages:
        raise ConfigError("a recipe has one or more stages, each with a name of its own")
    return (*stages, VERIFY)


def _check_same(folder: RunFolder, frozen: bytes, redis: str | None, attempts: int | None) -> None:
    identity = folder.identity
    if identity.recipe != _digest(frozen):
        raise ConfigError(
            f"{folder.path} holds a run of another recipe, or of this one before its settings,"
            " prompts or examples were changed: give another folder"
        )
    if redis is not None and redis != identity.redis:
        raise ConfigError(f"{folder.path}: this run has its queues elsewhere: leave --queues out")
    if attempts is not None:
        policy = parse_policy(identity.policies[VERIFY], str(folder.path / _IDENTITY))
        if policy.max_attempts != attempts:
            raise ConfigError(
                f"{folder.path}: this run was begun with --attempts {policy.max_attempts}"
            )


def _check_not_foreign(path: Path) -> None:
    for name in (_RECIPE, "queues", "results.sqlite", *EXPORTS):
        if (path / name).exists():
            raise ConfigError(
                f"{path}/{name} is not ours and would be written over: give an empty folder"
            )


def _digest(frozen: bytes) -> str:
    return hashlib.sha256(frozen).hexdigest()
