"""The steps of a SQLite queue: plain functions on a connection, inside a transaction.

`queue` counts what is open, leased, dead and done, so that no step reads more rows than it
changes. States are small numbers: fresh items lie above `head`, the rest have a `due` time.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from veristone.queues.errors import QueueClosed
from veristone.queues.policy import EXPIRED, Policy, add_reason, is_dead
from veristone.queues.values import DeadLetter, Item, Lease, Stats, Token
from veristone.queues.waiting import LeaseStep, PutStep, Return

__all__ = [
    "ack",
    "dead_letters",
    "extend",
    "lease",
    "nack",
    "producer",
    "put",
    "put_back",
    "release",
    "stats",
]

_RETURNED, _LEASED, _DEAD, _DONE = 1, 2, 3, 4  # 0: fresh
_KEYS_AT_ONCE = 500  # SQLite before 3.32 takes 999 parameters


@dataclass(slots=True)
class _Counts:
    """The row of `queue`, changed here and written back once a step."""

    head: int
    open: int
    leased: int
    dead: int
    done: int


def _load(db: sqlite3.Connection) -> _Counts:
    row: tuple[int, ...] = db.execute(
        "SELECT head, open, leased, dead, done FROM queue WHERE id = 1"
    ).fetchone()
    return _Counts(*row)


def _store(db: sqlite3.Connection, counts: _Counts) -> None:
    db.execute(
        "UPDATE queue SET head = ?, open = ?, leased = ?, dead = ?, done = ? WHERE id = 1",
        (counts.head, counts.open, counts.leased, counts.dead, counts.done),
    )


def _swept(db: sqlite3.Connection, policy: Policy, now: float) -> _Counts:
    """The counts, after what expired was taken back."""
    counts = _load(db)
    rows: list[tuple[int, int, str | None]] = db.execute(
        "SELECT seq, attempt, reasons FROM items WHERE state = 2 AND due <= ?", (now,)
    ).fetchall()
    for seq, attempt, reasons in rows:
        dead = is_dead(attempt, policy)
        db.execute(
            "UPDATE items SET state = ?, reasons = ? WHERE seq = ?",
            (_DEAD if dead else _RETURNED, _with_reason(reasons, EXPIRED), seq),
        )
        counts.leased -= 1
        counts.open -= dead
        counts.dead += dead
    if rows:
        _store(db, counts)
    return counts


def put(db: sqlite3.Connection, policy: Policy, now: float, items: Sequence[Item]) -> PutStep:
    """Insert items until the queue is full."""
    counts = _swept(db, policy, now)
    if _complete(db, policy):
        raise QueueClosed("every producer is complete: call begin(producer) before put")
    known = {row[0] for row in _by_key(db, "key", [item.key for item in items])}
    fresh: list[Item] = []
    accepted = 0
    for item in items:
        if item.key not in known:
            if counts.open + len(fresh) >= policy.capacity:
                break
            known.add(item.key)
            fresh.append(item)
        accepted += 1
    if fresh:
        last: int = db.execute("SELECT coalesce(max(seq), 0) FROM items").fetchone()[0]
        rows = list(enumerate(fresh, last + 1))
        db.executemany(
            "INSERT INTO items (seq, key, state, attempt) VALUES (?, ?, 0, 0)",
            [(seq, item.key) for seq, item in rows],
        )
        db.executemany(
            "INSERT INTO payloads VALUES (?, ?)", [(seq, item.payload) for seq, item in rows]
        )
        counts.open += len(fresh)
        _store(db, counts)
    return PutStep(accepted, len(fresh), 0, _wake_in_s(db, now))


def lease(db: sqlite3.Connection, policy: Policy, now: float, n: int, ttl_s: float) -> LeaseStep:
    """Lend up to `n` items: first what came back, then what is fresh."""
    counts = _swept(db, policy, now)
    columns = "seq, key, attempt, payload FROM items JOIN payloads USING (seq)"
    rows: list[tuple[int, str, int, bytes]] = db.execute(
        f"SELECT {columns} WHERE state = 1 AND due <= ? ORDER BY due, seq LIMIT ?", (now, n)
    ).fetchall()
    if len(rows) < n:
        fresh = db.execute(
            f"SELECT {columns} WHERE seq > ? ORDER BY seq LIMIT ?", (counts.head, n - len(rows))
        ).fetchall()
        if fresh:
            counts.head = fresh[-1][0]
            rows += fresh
    if not rows:
        finished = not counts.open and _complete(db, policy)
        return LeaseStep([], finished, 0, _wake_in_s(db, now))
    expires_at, fence = now + ttl_s, secrets.randbits(52)
    db.executemany(
        "UPDATE items SET state = 2, attempt = attempt + 1, fence = ?, due = ? WHERE seq = ?",
        [(fence, expires_at, row[0]) for row in rows],
    )
    counts.leased += len(rows)
    _store(db, counts)
    leases = [
        Lease(Token(key, attempt + 1, fence), payload, expires_at)
        for _, key, attempt, payload in rows
    ]
    return LeaseStep(leases, False, 0, None)


def release(db: sqlite3.Connection, policy: Policy, now: float, step: LeaseStep) -> None:
    """Give back what a cancelled caller never saw."""
    nack(db, policy, now, [Return(held.token, 0.0) for held in step.leases], None)


def extend(
    db: sqlite3.Connection, policy: Policy, now: float, tokens: Iterable[Token], ttl_s: float
) -> list[Token]:
    """Move the end of leases, also of those that expired and wait."""
    counts = _swept(db, policy, now)
    refused: list[Token] = []
    moved: list[tuple[float, int]] = []
    for token, held in _held(db, tokens):
        if held is None or held.state not in (_LEASED, _RETURNED):
            refused.append(token)
            continue
        moved.append((now + ttl_s, held.seq))
        counts.leased += held.state == _RETURNED
        held.state = _LEASED
    db.executemany("UPDATE items SET state = 2, due = ? WHERE seq = ?", moved)
    _store(db, counts)
    return refused


def ack(db: sqlite3.Connection, policy: Policy, now: float, tokens: Iterable[Token]) -> list[Token]:
    """Mark items done."""
    counts = _swept(db, policy, now)
    refused: list[Token] = []
    done: list[tuple[int]] = []
    for token, held in _held(db, tokens):
        if held is None or held.state == _DONE:
            refused.append(token)
            continue
        done.append((held.seq,))
        counts.leased -= held.state == _LEASED
        counts.dead -= held.state == _DEAD
        counts.open -= held.state != _DEAD
        counts.done += 1
        held.state = _DONE
    db.executemany(
        "UPDATE items SET state = 4, fence = NULL, due = NULL, reasons = NULL WHERE seq = ?", done
    )
    db.executemany("DELETE FROM payloads WHERE seq = ?", done)
    _store(db, counts)
    return refused


def nack(
    db: sqlite3.Connection,
    policy: Policy,
    now: float,
    returns: Iterable[Return],
    reason: str | None,
) -> list[Token]:
    """Give items back; without a reason their attempt does not count."""
    counts = _swept(db, policy, now)
    refused: list[Token] = []
    given = list(returns)
    for each, (token, held) in zip(given, _held(db, [g.token for g in given]), strict=True):
        if held is None or held.state != _LEASED:
            refused.append(token)
            continue
        dead = reason is not None and is_dead(held.attempt, policy)
        attempt, reasons = held.attempt, held.reasons
        if reason is None:
            attempt -= 1
        else:
            reasons = _with_reason(reasons, reason)
        held.state = _DEAD if dead else _RETURNED
        db.execute(
            "UPDATE items SET state = ?, attempt = ?, fence = NULL, due = ?, reasons = ? "
            "WHERE seq = ?",
            (held.state, attempt, now + each.delay_s, reasons, held.seq),
        )
        counts.leased -= 1
        counts.open -= dead
        counts.dead += dead
    _store(db, counts)
    return refused


def producer(db: sqlite3.Connection, name: str, complete: bool) -> None:
    """Note that a producer is done, or is not."""
    if complete:
        db.execute("INSERT INTO complete VALUES (?) ON CONFLICT DO NOTHING", (name,))
    else:
        db.execute("DELETE FROM complete WHERE producer = ?", (name,))


def stats(db: sqlite3.Connection, policy: Policy, now: float) -> Stats:
    """Count by state."""
    counts = _swept(db, policy, now)
    delayed: int = db.execute(
        "SELECT count(*) FROM items WHERE state = 1 AND due > ?", (now,)
    ).fetchone()[0]
    return Stats(
        ready=counts.open - counts.leased - delayed,
        leased=counts.leased,
        delayed=delayed,
        dead=counts.dead,
        done=counts.done,
        finished=not counts.open and _complete(db, policy),
    )


def dead_letters(
    db: sqlite3.Connection, policy: Policy, now: float, limit: int, after: str
) -> list[DeadLetter]:
    """List dead letters by key."""
    _swept(db, policy, now)
    rows: list[tuple[str, bytes, int, str | None]] = db.execute(
        "SELECT key, payload, attempt, reasons FROM items JOIN payloads USING (seq) "
        "WHERE state = 3 AND key > ? ORDER BY key LIMIT ?",
        (after, limit),
    ).fetchall()
    return [
        DeadLetter(key, payload, attempt, tuple(json.loads(reasons or "[]")))
        for key, payload, attempt, reasons in rows
    ]


def put_back(db: sqlite3.Connection, policy: Policy, now: float, keys: Iterable[str]) -> int:
    """Return dead letters to the queue."""
    counts = _swept(db, policy, now)
    back = 0
    for key in keys:
        back += db.execute(
            "UPDATE items SET state = 1, attempt = 0, fence = NULL, due = ? "
            "WHERE key = ? AND state = 3",
            (now, key),
        ).rowcount
    counts.dead -= back
    counts.open += back
    _store(db, counts)
    return back


@dataclass(slots=True)
class _Held:
    """The row of an item whose last lease a token belongs to; `state` follows what is done here."""

    seq: int
    fence: int | None
    state: int
    attempt: int
    reasons: str | None


def _held(db: sqlite3.Connection, tokens: Iterable[Token]) -> Iterator[tuple[Token, _Held | None]]:
    """Each token, with its item unless somebody else was given that since."""
    asked = list(tokens)
    columns = "key, seq, fence, state, attempt, reasons"
    found: dict[str, _Held] = {
        row[0]: _Held(*row[1:]) for row in _by_key(db, columns, [token.key for token in asked])
    }
    for token in asked:
        held = found.get(token.key)
        yield token, held if held is not None and held.fence == token.fence else None


def _by_key(db: sqlite3.Connection, columns: str, keys: Sequence[str]) -> Iterator[Any]:
    """Rows of the items with these keys, looked up many at a time."""
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        marks = ",".join("?" * len(some))
        yield from db.execute(f"SELECT {columns} FROM items WHERE key IN ({marks})", some)


def _complete(db: sqlite3.Connection, policy: Policy) -> bool:
    return db.execute("SELECT count(*) FROM complete").fetchone()[0] >= policy.producers


def _wake_in_s(db: sqlite3.Connection, now: float) -> float | None:
    """Seconds until the next lease expires or the next delay is over."""
    due: float | None = db.execute(
        "SELECT min(due) FROM (SELECT min(due) AS due FROM items WHERE state = 1 "
        "UNION ALL SELECT min(due) FROM items WHERE state = 2)"
    ).fetchone()[0]
    return None if due is None else due - now


def _with_reason(reasons: str | None, reason: str) -> str:
    return json.dumps(add_reason(json.loads(reasons or "[]"), reason))
