"""Random calls against a simple model of a queue, on a clock of our own."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from queue_stores import FakeClock, Store, items, new_store

from veristone.queues import LeaseLost, Policy, QueueClosed, QueueTimeout, Stats, Token

POLICY = Policy(capacity=5, max_attempts=3, retry_first_s=2, retry_most_s=3)
KEYS = st.sampled_from("abcdefghijkl")


@dataclass
class Entry:
    number: int
    state: str = "fresh"
    attempt: int = 0
    token: Token | None = None
    due: float = 0.0
    reasons: list[str] = field(default_factory=list)


class Machine(RuleBasedStateMachine):
    kind = "memory"
    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="vsq", dir="/tmp"))
        self.store: Store = new_store(self.kind, self.folder, self.url)
        self.clock = FakeClock()
        self.queue = self.store.queue(POLICY, self.clock)
        self.run(self.queue.open())
        self.model: dict[str, Entry] = {}
        self.tokens: list[Token] = []
        self.complete = False

    def run(self, verb: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(verb)

    def teardown(self) -> None:
        self.run(self.queue.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def in_state(self, *states: str) -> list[Entry]:
        return [entry for entry in self.model.values() if entry.state in states]

    def open(self) -> int:
        return len(self.in_state("fresh", "returned", "leased"))

    def sweep(self) -> None:
        for entry in self.in_state("leased"):
            if entry.due <= self.clock.now:
                entry.reasons.append("the lease expired")
                entry.state = "dead" if entry.attempt >= 3 else "returned"

    @rule(keys=st.lists(KEYS, min_size=1, max_size=8))
    def put(self, keys: list[str]) -> None:
        self.sweep()
        if self.complete:
            with pytest.raises(QueueClosed):
                self.run(self.queue.put(items(keys)))
            return
        new = accepted = 0
        for key in keys:
            if key not in self.model:
                if self.open() >= POLICY.capacity:
                    break
                self.model[key] = Entry(len(self.model))
                new += 1
            accepted += 1
        if accepted == len(keys):
            assert self.run(self.queue.put(items(keys), timeout_s=0)) == new
        else:
            with pytest.raises(QueueTimeout) as caught:
                self.run(self.queue.put(items(keys), timeout_s=0))
            assert caught.value.accepted == accepted

    @rule(n=st.integers(1, 4), ttl_s=st.sampled_from([1.0, 3.0, 7.0]))
    def lease(self, n: int, ttl_s: float) -> None:
        self.sweep()
        due = [e for e in self.in_state("returned") if e.due <= self.clock.now]
        order = sorted(due, key=lambda e: (e.due, e.number))
        order += sorted(self.in_state("fresh"), key=lambda e: e.number)
        try:
            leases = self.run(self.queue.lease(n, ttl_s, timeout_s=0))
        except QueueTimeout:
            assert not order
            assert not (self.complete and not self.open())
            return
        if not order:
            assert leases == []
            assert self.complete
            assert not self.open()
            return
        keys = {id(entry): key for key, entry in self.model.items()}
        got = [lease.key for lease in leases]
        wanted = [keys[id(entry)] for entry in order[:n]]
        if self.kind == "redis":  # items that are due at the same moment have no order there
            dues = {key: self.model[key].due for key in [*got, *wanted]}
            assert [dues[key] for key in got] == [dues[key] for key in wanted]
        else:
            assert got == wanted
        for lease in leases:
            entry = self.model[lease.key]
            entry.attempt += 1
            assert lease.attempt == entry.attempt
            assert lease.payload == b"payload of " + lease.key.encode()
            entry.state, entry.token, entry.due = "leased", lease.token, self.clock.now + ttl_s
            self.tokens.append(lease.token)

    def pick(self, data: st.DataObject) -> tuple[Token, Entry, bool]:
        self.sweep()
        token = data.draw(st.sampled_from(self.tokens))
        entry = self.model[token.key]
        return token, entry, entry.token == token

    def check(self, verb: Coroutine[Any, Any, Any], good: bool) -> None:
        if good:
            self.run(verb)
        else:
            with pytest.raises(LeaseLost):
                self.run(verb)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        token, entry, held = self.pick(data)
        self.check(self.queue.ack(token), held)
        if held:
            entry.state, entry.token = "done", None

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), delay_s=st.sampled_from([None, 0.0, 4.0]), counts=st.booleans())
    def nack(self, data: st.DataObject, delay_s: float | None, counts: bool) -> None:
        token, entry, held = self.pick(data)
        good = held and entry.state == "leased"
        self.check(self.queue.nack(token, reason="no", delay_s=delay_s, counts=counts), good)
        if not good:
            return
        entry.token = None
        if delay_s is None:
            delay_s = min(2.0 ** min(entry.attempt, 2), 3.0) if counts else 0.0
        entry.due = self.clock.now + delay_s
        entry.state = "returned"
        if counts:
            entry.reasons.append("no")
            entry.state = "dead" if entry.attempt >= 3 else "returned"
        else:
            entry.attempt -= 1

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def extend(self, data: st.DataObject) -> None:
        token, entry, held = self.pick(data)
        good = held and entry.state in ("leased", "returned")
        self.check(self.queue.extend(token, ttl_s=5), good)
        if good:
            entry.state, entry.due = "leased", self.clock.now + 5

    @rule(keys=st.lists(KEYS, max_size=4))
    def put_back(self, keys: list[str]) -> None:
        self.sweep()
        dead = {k for k in keys if k in self.model and self.model[k].state == "dead"}
        assert self.run(self.queue.put_back(keys)) == len(dead)
        for key in dead:
            entry = self.model[key]
            entry.state, entry.attempt, entry.token = "returned", 0, None
            entry.due = self.clock.now

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.5, 8.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    @rule()
    def producer(self) -> None:
        verb = self.queue.begin if self.complete else self.queue.complete
        self.run(verb("p"))
        self.complete = not self.complete

    @precondition(lambda self: self.kind != "memory")
    @rule()
    def reopen(self) -> None:
        self.run(self.queue.close())
        self.queue = self.store.queue(None, self.clock)
        self.run(self.queue.open())

    @invariant()
    def counts_and_dead_letters_agree(self) -> None:
        self.sweep()
        returned = self.in_state("returned")
        delayed = sum(entry.due > self.clock.now for entry in returned)
        assert self.run(self.queue.stats()) == Stats(
            ready=len(self.in_state("fresh")) + len(returned) - delayed,
            leased=len(self.in_state("leased")),
            delayed=delayed,
            dead=len(self.in_state("dead")),
            done=len(self.in_state("done")),
            finished=self.complete and not self.open(),
        )
        dead = sorted(k for k, entry in self.model.items() if entry.state == "dead")
        listed = self.run(self.queue.dead_letters())
        assert [letter.key for letter in listed] == dead
        for letter in listed:
            assert list(letter.reasons) == self.model[letter.key].reasons[-20:]
            assert letter.attempts == self.model[letter.key].attempt


def run_machine(kind: str, examples: int, url: str = "") -> None:
    made = type("Machine_" + kind, (Machine,), {"kind": kind, "url": url})
    made.TestCase.settings = settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    made.TestCase("runTest").debug()


def test_memory_behaves_as_the_model() -> None:
    run_machine("memory", 80)


def test_sqlite_behaves_as_the_model() -> None:
    run_machine("sqlite", 15)


def test_redis_behaves_as_the_model(redis_url: str) -> None:
    run_machine("redis", 15, redis_url)
