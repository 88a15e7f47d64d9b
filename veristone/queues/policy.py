"""The rules of a queue, without clock and without I/O, so that their tests are tables.

Times are seconds of whatever clock the caller reads. The Lua script of the Redis back end states
the rules of `is_expired` and `is_dead` a second time; the contract tests hold the two together.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from veristone import ConfigError
from veristone.queues.errors import InvalidItem
from veristone.queues.values import Item

__all__ = [
    "EXPIRED",
    "MAX_KEY_BYTES",
    "MAX_REASONS",
    "Policy",
    "add_reason",
    "check_count",
    "check_items",
    "check_name",
    "check_payload",
    "check_seconds",
    "clean_reason",
    "is_dead",
    "is_expired",
    "parse_policy",
    "retry_delay_s",
]

MAX_KEY_BYTES = 512
MAX_REASONS = 20
_MAX_REASON_CHARS = 1000
EXPIRED = "the lease expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings of a queue. It belongs to the queue: everybody who opens it has the same.

    Raises:
        ConfigError: a value is out of its range.
    """

    capacity: int = 10_000
    """Most items ready, leased and delayed together; `put` waits beyond it."""
    max_attempts: int = 5
    """Deliveries that may fail, by nack or by expiry, before an item is a dead letter."""
    max_payload_bytes: int = 4 * 1024 * 1024
    """Largest payload; times `capacity`, the most that a queue can hold."""
    producers: int = 1
    """How many differently named producers must say `complete` before the queue can finish."""
    retry_first_s: float = 0.5
    """Delay after the first failed attempt; it doubles with each further one."""
    retry_most_s: float = 30.0
    """Longest delay between attempts."""

    def __post_init__(self) -> None:
        for name in ("capacity", "max_attempts", "max_payload_bytes", "producers"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value < 2**53:
                raise ConfigError(f"queue policy: {name} is a whole number from 1, not {value!r}")
        for name in ("retry_first_s", "retry_most_s"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not 0 <= value < math.inf:
                raise ConfigError(f"queue policy: {name} is a number from 0, not {value!r}")

    def to_json(self) -> str:
        """As it is kept beside the items."""
        return json.dumps(asdict(self), sort_keys=True)

    def agree(self, wanted: "Policy | None", where: str) -> None:
        """Check that `wanted`, if given, is this policy, which the queue was made with.

        Raises:
            ConfigError: it is another one.
        """
        if wanted is None:
            return
        differing = [
            f"{field.name} is {getattr(self, field.name)}, not {getattr(wanted, field.name)}"
            for field in fields(self)
            if getattr(self, field.name) != getattr(wanted, field.name)
        ]
        if differing:
            raise ConfigError(
                f"{where} was made with another policy ({'; '.join(differing)}): "
                "open it without a policy to use its own, or use a new queue"
            )


def parse_policy(text: str, where: str) -> Policy:
    """Read what `Policy.to_json` wrote.

    Raises:
        ConfigError: it is something else.
    """
    try:
        return Policy(**json.loads(text))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where} is damaged: its policy cannot be read ({error})") from error


def is_expired(expires_at: float, now: float) -> bool:
    """A lease is over at its last moment, not after it."""
    return expires_at <= now


def is_dead(attempt: int, policy: Policy) -> bool:
    """Whether the failure of this attempt was the last one that an item may have."""
    return attempt >= policy.max_attempts


def retry_delay_s(attempt: int, policy: Policy) -> float:
    """How long an item rests after its failed attempt number `attempt` (from 1)."""
    doublings = min(max(attempt - 1, 0), 64)
    return min(policy.retry_first_s * 2.0**doublings, policy.retry_most_s)


def clean_reason(reason: str) -> str:
    """A reason that every back end can store: bounded, and valid UTF-8 (U+FFFD for the rest)."""
    return reason[:_MAX_REASON_CHARS].encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def add_reason(reasons: Iterable[str], reason: str) -> tuple[str, ...]:
    """`reasons` and a new one; the oldest go where there are too many."""
    return (*reasons, reason)[-MAX_REASONS:]


def check_items(items: Iterable[Item], policy: Policy) -> list[Item]:
    """The items as a list.

    Raises:
        InvalidItem: a key or payload breaks a bound.
    """
    checked = list(items)
    for item in checked:
        check_name("a key", item.key)
        check_payload(f"item {item.key!r}", item.payload, policy)
    return checked


def check_payload(what: str, payload: bytes, policy: Policy) -> None:
    """Check the content of an item or a result.

    Raises:
        InvalidItem: it is too large, or not bytes.
    """
    if type(payload) is not bytes:
        raise InvalidItem(f"{what}: a payload is bytes, not {type(payload).__name__}")
    if len(payload) > policy.max_payload_bytes:
        raise InvalidItem(
            f"{what}: {len(payload)} bytes of payload, {policy.max_payload_bytes} are allowed"
        )


def check_name(what: str, name: str) -> None:
    """Check a key or a producer's name.

    Raises:
        InvalidItem: it is empty, too long, or no text that UTF-8 can write.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise InvalidItem(f"{what} is valid Unicode, not {name[:80]!r}") from error
    if not 1 <= size <= MAX_KEY_BYTES:
        raise InvalidItem(
            f"{what} has 1 to {MAX_KEY_BYTES} bytes, not {size} ({name[:80]!r}): hash it"
        )


def check_count(what: str, value: int) -> None:
    """Check a number of things.

    Raises:
        ConfigError: it is not a whole number from 1.
    """
    if type(value) is not int or value < 1:
        raise ConfigError(f"{what} is a whole number from 1, not {value!r}")


def check_seconds(what: str, value: float, *, least: float = 0.0) -> None:
    """Check a duration.

    Raises:
        ConfigError: it is not a finite number of seconds from `least`.
    """
    if not least <= value < math.inf:
        raise ConfigError(f"{what} is a finite number of seconds from {least:g}, not {value!r}")
