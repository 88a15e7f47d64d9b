"""The steps of a SQLite queue: methods on one queue at one moment, inside a transaction.

`queues` counts what is open, leased, dead and done, so that no step reads more rows than it
changes. Fresh items lie above `head`; the rest have a `due` time.
"""

import json
import math
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from veristone.queues.errors import QueueClosed
from veristone.queues.policy import EXPIRED, Policy, add_reason, is_dead, parse_policy
from veristone.queues.steps import AckStep, PutStep, Return
from veristone.queues.values import DeadLetter, Item, Lease, Outcome, Stats, Token

__all__ = ["SCHEMA", "Turn", "find_queue"]

# Rows of `items` stay small because their state is rewritten several times; payloads are written
# once and deleted with the ack. `items` keeps a row for every key ever put: that is the dedupe.
# Numbers of items begin anew, far apart, for each queue, so that what is fresh in a queue needs no
# index.
SCHEMA = """
CREATE TABLE queues (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, policy TEXT NOT NULL,
    head INTEGER NOT NULL DEFAULT 0, open INTEGER NOT NULL DEFAULT 0,
    leased INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE items (
    seq INTEGER PRIMARY KEY, queue INTEGER NOT NULL, key TEXT NOT NULL, state INTEGER NOT NULL,
    attempt INTEGER NOT NULL, fence INTEGER, due REAL, reasons TEXT, UNIQUE (queue, key)
);
CREATE TABLE payloads (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE results (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE complete (queue INTEGER, producer TEXT, PRIMARY KEY (queue, producer));
CREATE TABLE counts (queue INTEGER, name TEXT, number INTEGER, PRIMARY KEY (queue, name));
CREATE INDEX due ON items (queue, state, due, seq) WHERE state = 1 OR state = 2;
CREATE INDEX dead ON items (queue, key) WHERE state = 3;
"""
_RETURNED, _LEASED, _DEAD, _DONE = 1, 2, 3, 4  # 0: fresh
_SPAN = 2**40  # items of one queue are numbered from its id times this
_KEYS_AT_ONCE = 500  # SQLite before 3.32 takes 999 parameters
_PAGE_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class _Counts:
    """Of the row of `queues`, changed here and written back once a step."""

    head: int
    open: int
    leased: int
    dead: int
    done: int


@dataclass(slots=True)
class _Held:
    """The row of an item whose last lease a token belongs to; `state` follows what is done here."""

    seq: int
    fence: int | None
    state: int
    attempt: int
    reasons: str | None


def find_queue(db: sqlite3.Connection, name: str, where: str) -> tuple[int, Policy] | None:
    """The number and policy of a queue, if there is one of this name."""
    row = db.execute("SELECT id, policy FROM queues WHERE name = ?", (name,)).fetchone()
    return None if row is None else (row[0], parse_policy(row[1], where))


class Turn:
    """What can be done with a queue now. Begins with taking back what expired."""

    def __init__(
        self, db: sqlite3.Connection, name: str, queue: int, policy: Policy, now: float
    ) -> None:
        self._db = db
        self._name = name
        self._queue = queue
        self._policy = policy
        self._now = now
        row = db.execute(
            "SELECT head, open, leased, dead, done FROM queues WHERE id = ?", (queue,)
        ).fetchone()
        self._counts = _Counts(*row)
        self._stored = astuple(self._counts)
        self._sweep()
        self._store()

    def _sweep(self) -> None:
        rows: list[tuple[int, int, str | None]] = self._db.execute(
            "SELECT seq, attempt, reasons FROM items WHERE queue = ? AND state = 2 AND due <= ?",
            (self._queue, self._now),
        ).fetchall()
        for seq, attempt, reasons in rows:
            dead = is_dead(attempt, self._policy)
            self._db.execute(
                "UPDATE items SET state = ?, reasons = ? WHERE seq = ?",
                (_DEAD if dead else _RETURNED, _with_reason(reasons, EXPIRED), seq),
            )
            self._counts.leased -= 1
            self._counts.open -= dead
            self._counts.dead += dead

    def _store(self) -> None:
        values = astuple(self._counts)
        if values != self._stored:
            self._db.execute(
                "UPDATE queues SET head = ?, open = ?, leased = ?, dead = ?, done = ? WHERE id = ?",
                (*values, self._queue),
            )
            self._stored = values

    def put(self, items: Sequence[Item]) -> PutStep:
        """Insert items until the queue is full."""
        if self._is_complete():
            raise QueueClosed("every producer is complete: call begin(producer) before put")
        room = self._policy.capacity - self._counts.open
        known = self._known(items)
        fresh: list[Item] = []
        accepted = 0
        for item in items:
            if item.key not in known:
                if len(fresh) >= room:
                    break
                known.add(item.key)
                fresh.append(item)
            accepted += 1
        self._insert(fresh)
        return PutStep(accepted, len(fresh))

    def _known(self, items: Iterable[Item]) -> set[str]:
        return {row[0] for row in self._by_key("key", [item.key for item in items])}

    def _insert(self, fresh: Sequence[Item]) -> None:
        if not fresh:
            return
        first = self._queue * _SPAN
        last: int | None = self._db.execute(
            "SELECT max(seq) FROM items WHERE seq BETWEEN ? AND ?", (first, first + _SPAN - 1)
        ).fetchone()[0]
        rows = list(enumerate(fresh, first if last is None else last + 1))
        self._db.executemany(
            "INSERT INTO items (seq, queue, key, state, attempt) VALUES (?, ?, ?, 0, 0)",
            [(seq, self._queue, item.key) for seq, item in rows],
        )
        self._db.executemany(
            "INSERT INTO payloads VALUES (?, ?)", [(seq, item.payload) for seq, item in rows]
        )
        self._counts.open += len(fresh)
        self._store()

    def lease(self, n: int, ttl_s: float) -> list[Lease] | None:
        """Lend up to `n` items: first what came back, then what is fresh; None at the end."""
        columns = "seq, key, attempt, payload FROM items JOIN payloads USING (seq)"
        rows: list[tuple[int, str, int, bytes]] = self._db.execute(
            f"SELECT {columns} WHERE queue = ? AND state = 1 AND due <= ? "
            "ORDER BY due, seq LIMIT ?",
            (self._queue, self._now, n),
        ).fetchall()
        if len(rows) < n:
            head = max(self._counts.head, self._queue * _SPAN)
            fresh = self._db.execute(
                f"SELECT {columns} WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
                (head, (self._queue + 1) * _SPAN - 1, n - len(rows)),
            ).fetchall()
            if fresh:
                self._counts.head = fresh[-1][0] + 1
                rows += fresh
        if not rows:
            return None if self._is_finished() else []
        expires_at, fence = self._now + ttl_s, secrets.randbits(52)
        self._db.executemany(
            "UPDATE items SET state = 2, attempt = attempt + 1, fence = ?, due = ? WHERE seq = ?",
            [(fence, expires_at, row[0]) for row in rows],
        )
        self._counts.leased += len(rows)
        self._store()
        return [
            Lease(Token(key, attempt + 1, fence), payload, expires_at)
            for _, key, attempt, payload in rows
        ]

    def extend(self, tokens: Iterable[Token], ttl_s: float) -> list[Token]:
        """Move the end of leases, also of those that expired and wait."""
        refused: list[Token] = []
        for token, held in self._held(tokens):
            if held is None or held.state not in (_LEASED, _RETURNED):
                refused.append(token)
                continue
            self._db.execute(
                "UPDATE items SET state = 2, due = ? WHERE seq = ?", (self._now + ttl_s, held.seq)
            )
            self._counts.leased += held.state == _RETURNED
            held.state = _LEASED
        self._store()
        return refused

    def ack(self, outcomes: Sequence[tuple[Token, Outcome]]) -> AckStep:
        """Mark items done and keep what came of them; leave those that find no room."""
        step = AckStep([], [])
        turns: dict[str, Turn | None] = {self._name: self}
        done: list[int] = []
        held_by = self._held(token for token, _ in outcomes)
        for (token, held), (_, outcome) in zip(held_by, outcomes, strict=True):
            if held is None or held.state == _DONE:
                step.refused.append(token)
                continue
            if outcome.puts and not self._hand_on(outcome, turns):
                step.blocked.append(token)
                continue
            self._keep(held.seq, outcome)
            done.append(held.seq)
            self._counts.leased -= held.state == _LEASED
            self._counts.dead -= held.state == _DEAD
            self._counts.open -= held.state != _DEAD
            self._counts.done += 1
            held.state = _DONE
        self._db.executemany(
            "UPDATE items SET state = 4, fence = NULL, due = NULL, reasons = NULL WHERE seq = ?",
            [(seq,) for seq in done],
        )
        self._db.executemany("DELETE FROM payloads WHERE seq = ?", [(seq,) for seq in done])
        self._store()
        return step

    def _hand_on(self, outcome: Outcome, turns: "dict[str, Turn | None]") -> bool:
        """Put what an outcome holds for other queues, if all of them have room."""
        for name in outcome.puts:
            if name not in turns:
                found = find_queue(self._db, name, name)
                assert found is not None  # looked up before
                turns[name] = Turn(self._db, name, *found, self._now)
        fresh: list[tuple[Turn, list[Item]]] = []
        for name, items in outcome.puts.items():
            turn = turns[name]
            if turn is None:
                return False  # found full a moment ago: who came first goes first
            known = turn._known(items)
            first = {item.key: item for item in reversed(items) if item.key not in known}
            new = [first.pop(item.key) for item in items if item.key in first]
            if turn._counts.open and turn._counts.open + len(new) > turn._policy.capacity:
                turns[name] = None
                return False
            fresh.append((turn, new))
        for turn, new in fresh:
            turn._insert(new)
            turn.producer(self._name, complete=False)
        return True

    def _keep(self, seq: int, outcome: Outcome) -> None:
        if outcome.result is not None:
            self._db.execute("INSERT INTO results VALUES (?, ?)", (seq, outcome.result))
        self._count(outcome.counts)

    def _count(self, counts: Mapping[str, int]) -> None:
        self._db.executemany(
            "INSERT INTO counts VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET number = number + excluded.number",
            [(self._queue, name, number) for name, number in counts.items()],
        )

    def nack(self, returns: Sequence[Return], reason: str | None) -> list[Token]:
        """Give items back; without a reason their attempt does not count."""
        refused: list[Token] = []
        held_by = self._held(given.token for given in returns)
        for given, (token, held) in zip(returns, held_by, strict=True):
            if held is None or held.state != _LEASED:
                refused.append(token)
                continue
            never = given.delay_s == math.inf
            dead = reason is not None and (never or is_dead(held.attempt, self._policy))
            held.state = _DEAD if dead else _RETURNED
            self._db.execute(
                "UPDATE items SET state = ?, attempt = ?, fence = NULL, due = ?, reasons = ? "
                "WHERE seq = ?",
                (
                    held.state,
                    held.attempt - (reason is None),
                    self._now + given.delay_s,
                    held.reasons if reason is None else _with_reason(held.reasons, reason),
                    held.seq,
                ),
            )
            self._counts.leased -= 1
            self._counts.open -= dead
            self._counts.dead += dead
        self._store()
        return refused

    def producer(self, name: str, *, complete: bool) -> None:
        """Note that a producer is done, or is not."""
        if complete:
            sql = "INSERT INTO complete VALUES (?, ?) ON CONFLICT DO NOTHING"
        else:
            sql = "DELETE FROM complete WHERE queue = ? AND producer = ?"
        self._db.execute(sql, (self._queue, name))

    def stats(self) -> Stats:
        """Count by state."""
        counts = self._counts
        delayed: int = self._db.execute(
            "SELECT count(*) FROM items WHERE queue = ? AND state = 1 AND due > ?",
            (self._queue, self._now),
        ).fetchone()[0]
        ready = counts.open - counts.leased - delayed
        finished = self._is_finished()
        return Stats(ready, counts.leased, delayed, counts.dead, counts.done, finished)

    def dead_letters(self, limit: int, after: str) -> list[DeadLetter]:
        """List dead letters by key."""
        rows: list[tuple[str, bytes, int, str | None]] = self._db.execute(
            "SELECT key, payload, attempt, reasons FROM items JOIN payloads USING (seq) "
            "WHERE queue = ? AND state = 3 AND key > ? ORDER BY key LIMIT ?",
            (self._queue, after, limit),
        ).fetchall()
        return [
            DeadLetter(key, payload, attempt, tuple(json.loads(reasons or "[]")))
            for key, payload, attempt, reasons in rows
        ]

    def put_back(self, keys: Iterable[str]) -> int:
        """Return dead letters to the queue."""
        back = 0
        for key in keys:
            back += self._db.execute(
                "UPDATE items SET state = 1, attempt = 0, fence = NULL, due = ? "
                "WHERE queue = ? AND key = ? AND state = 3",
                (self._now, self._queue, key),
            ).rowcount
        self._counts.dead -= back
        self._counts.open += back
        self._store()
        return back

    def results(self, limit: int, after: str) -> list[Item]:
        """List results by key, up to some megabytes of them."""
        page: list[Item] = []
        size = 0
        rows = self._db.execute(
            "SELECT key, payload FROM items JOIN results USING (seq) "
            "WHERE queue = ? AND key > ? ORDER BY key LIMIT ?",
            (self._queue, after, limit),
        )
        for key, payload in rows:
            page.append(Item(key, payload))
            size += len(payload)
            if size > _PAGE_BYTES:
                break
        rows.close()
        return page

    def counts(self) -> dict[str, int]:
        """What the outcomes counted."""
        sql = "SELECT name, number FROM counts WHERE queue = ? ORDER BY name"
        return dict(self._db.execute(sql, (self._queue,)).fetchall())

    def _held(self, tokens: Iterable[Token]) -> Iterator[tuple[Token, _Held | None]]:
        """Each token, with its item unless somebody else was given that since."""
        asked = list(tokens)
        columns = "key, seq, fence, state, attempt, reasons"
        rows = self._by_key(columns, [token.key for token in asked])
        found: dict[str, _Held] = {row[0]: _Held(*row[1:]) for row in rows}
        for token in asked:
            held = found.get(token.key)
            yield token, held if held is not None and held.fence == token.fence else None

    def _by_key(self, columns: str, keys: Sequence[str]) -> Iterator[Any]:
        """Rows of the items with these keys, looked up many at a time."""
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            marks = ",".join("?" * len(some))
            sql = f"SELECT {columns} FROM items WHERE queue = ? AND key IN ({marks})"
            yield from self._db.execute(sql, (self._queue, *some))

    def _is_complete(self) -> bool:
        sql = "SELECT count(*) FROM complete WHERE queue = ?"
        return self._db.execute(sql, (self._queue,)).fetchone()[0] >= self._policy.producers

    def _is_finished(self) -> bool:
        return not self._counts.open and self._is_complete()


def _with_reason(reasons: str | None, reason: str) -> str:
    return json.dumps(add_reason(json.loads(reasons or "[]"), reason))
