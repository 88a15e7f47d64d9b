"""The rules of queues, as tables."""

import pytest

from veristone import ConfigError
from veristone.queues import InvalidItem, Item, Policy
from veristone.queues.policy import (
    MAX_REASONS,
    add_reason,
    check_items,
    clean_reason,
    is_dead,
    is_expired,
    parse_policy,
    retry_delay_s,
)


@pytest.mark.parametrize(
    ("attempt", "delay"),
    [(0, 0.5), (1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 20.0), (10_000, 20.0)],
)
def test_delays_double_up_to_the_most(attempt: int, delay: float) -> None:
    assert retry_delay_s(attempt, Policy(retry_first_s=0.5, retry_most_s=20)) == delay


@pytest.mark.parametrize(("now", "over"), [(9.999, False), (10.0, True), (11.0, True)])
def test_a_lease_is_over_at_its_last_moment(now: float, over: bool) -> None:
    assert is_expired(10.0, now) is over


@pytest.mark.parametrize(("attempt", "dead"), [(1, False), (2, False), (3, True), (4, True)])
def test_the_last_attempt(attempt: int, dead: bool) -> None:
    assert is_dead(attempt, Policy(max_attempts=3)) is dead


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": 0},
        {"capacity": 1.5},
        {"max_attempts": -1},
        {"producers": True},
        {"max_payload_bytes": 2**60},
        {"retry_first_s": -0.1},
        {"retry_most_s": float("inf")},
        {"retry_most_s": float("nan")},
        {"retry_first_s": "1"},
    ],
    ids=str,
)
def test_wrong_settings_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Policy(**wrong)  # pyright: ignore[reportArgumentType]


def test_a_policy_survives_being_written() -> None:
    policy = Policy(capacity=3, retry_first_s=0.25)
    assert parse_policy(policy.to_json(), "here") == policy


@pytest.mark.parametrize("text", ["", "[]", "3", "{", '{"capacity": 0}', '{"colour": 1}', "null"])
def test_a_damaged_policy_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_policy(text, "here")


def test_another_policy_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="capacity is 3, not 4"):
        Policy(capacity=3).agree(Policy(capacity=4), "the queue")
    Policy(capacity=3).agree(None, "the queue")


@pytest.mark.parametrize(
    "item",
    [
        Item("", b""),
        Item("k" * 513, b""),
        Item("é" * 257, b""),
        Item("\ud800", b""),
        Item("k", b"x" * 11),
        Item("k", "text"),  # pyright: ignore[reportArgumentType]
        Item("k", bytearray(b"x")),  # pyright: ignore[reportArgumentType]
    ],
    ids=lambda item: repr(item)[:40],
)
def test_items_that_break_a_bound(item: Item) -> None:
    with pytest.raises(InvalidItem):
        check_items([item], Policy(max_payload_bytes=10))


def test_reasons_are_bounded_and_valid() -> None:
    assert len(clean_reason("x" * 5000)) == 1000
    assert clean_reason("a\ud800b").encode() == clean_reason("a\ud800b").encode("utf-8")
    reasons: tuple[str, ...] = ()
    for n in range(50):
        reasons = add_reason(reasons, str(n))
    assert reasons == tuple(str(n) for n in range(50 - MAX_REASONS, 50))
