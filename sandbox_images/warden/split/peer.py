"""One of two processes that hold each other's objects: asks for what it does not have.

A message asks (``op``) or answers (``ok``, ``err``). While one side waits for its answer it serves
the other's questions, so calls nest as deeply as they do within one process.

Containers that can change (a list that is an argument, a dictionary that an attribute holds) cross
as copies under a number, and every message brings what has changed in the copies since the one
before: an argument that was sorted in place is sorted on both sides. A container that nobody but
this table holds is forgotten.
"""

from __future__ import annotations

import sys
import threading
from functools import partial
from operator import ne
from typing import Any

from ..values import deeply
from . import values, views
from .errors import describe_error, error_of, plain_of
from .proxies import Meta, make_mirror, native_base, new_instance
from .wire import Broken, Link

_getrefcount = sys.getrefcount
Box = list[Any]


MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What reading a message raises that is not what it should be."""


def references_to(box: Box) -> int:
    """Count references to the object in a box, those of this function included."""
    return _getrefcount(box[0])


_ALONE = references_to([[]])


def is_held_elsewhere(box: Box) -> bool:
    """True where somebody else holds the object in the box."""
    return references_to(box) > _ALONE


class Peer:
    """One side. Subclasses say what a reference looks like and what the other side may do."""

    step = 1
    """Numbers of objects go up on one side and down on the other."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.own: dict[int, Any] = {}
        self._own_numbers: dict[int, int] = {}
        self.foreign: dict[int, Any] = {}
        self._foreign_numbers: dict[int, int] = {}
        self._held: dict[int, Box] = {}
        self._held_numbers: dict[int, int] = {}
        self._fresh: set[int] = set()
        self._looked_into: set[int] = set()
        """Arrays of which the message that is being made holds a view."""
        self._last = 0
        self._introductions: list[Any] = []
        self._introduced: dict[int, list[Any]] = {}
        self._specials: dict[int, list[str]] = {}
        self._instance_mirrors: dict[int, Any] = {}
        self._abandoned = 0
        self.depth = 0
        self.lock = threading.RLock()

    # What a subclass adds.

    def refer(self, value: Any) -> Any:
        """Return the form of an object that cannot be copied."""
        raise NotImplementedError

    def adopt(self, form: dict[str, Any]) -> Any:
        """Return what stands here for an object of the other side."""
        raise NotImplementedError

    def perform(self, op: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Do what the other side asks for."""
        raise NotImplementedError

    def attribute(self, proxy: Any, name: str) -> Any:
        """Return an attribute of a proxy."""
        return self.ask("get", proxy, name)

    def resolve_class(self, module: str, name: str) -> Any:
        """Return the class of that name where it is the same on both sides, else None."""
        raise NotImplementedError

    def describe_error(self, error: BaseException) -> dict[str, Any]:
        """Return the form of an exception."""
        return describe_error(self, error)

    def error_of(self, form: dict[str, Any]) -> BaseException:
        """Return the exception of a form."""
        return error_of(self, form)

    def sending(self, message: dict[str, Any]) -> None:
        """Add to a message that is about to be sent."""

    def received(self, message: dict[str, Any]) -> None:
        """Look at a message that has come, before anything in it is decoded."""

    # Numbers of objects.

    def number_of(self, value: Any) -> int:
        """Return the number under which the other side knows an object of ours."""
        number = self._own_numbers.get(id(value))
        if number is None:
            self._last += self.step
            number = self._last
            self.own[number] = value  # kept for good: an id is only unique while its object lives
            self._own_numbers[id(value)] = number
        return number

    def know(self, number: int, value: Any) -> Any:
        """Remember what stands here for an object of the other side."""
        self.foreign[number] = value
        self._foreign_numbers[id(value)] = number
        return value

    def is_known(self, value: Any) -> bool:
        """True for an object of ours that the other side has a number for."""
        return id(value) in self._own_numbers

    def is_foreign(self, value: Any) -> bool:
        """True for what stands here for an object of the other side."""
        return id(value) in self._foreign_numbers

    # Classes and their instances.

    def class_of(self, form: dict[str, Any]) -> Any:
        """Return the class of a form: the same one of the library, else a mirror."""
        if "own" in form:
            return self.own[form["own"]]
        number = form["class"]
        known = self.foreign.get(number)
        if known is None:
            module, qualname, bases, specials, fields, methods, doc = self._introduced[number]
            name = qualname.rpartition(".")[2]
            self._specials[number] = specials
            known = self.resolve_class(module, qualname)
            if known is not None:
                # Each side has its own, and names it by a number of its own.
                self.foreign[number] = known
            else:
                mirrors = tuple(map(self.class_of, bases))
                known = make_mirror(self, number, name, mirrors, specials)
                known.__module__, known.__qualname__, known.__doc__ = module, qualname, doc
                self.mirrored(known, fields, methods)
                self.know(number, known)
        return known

    def methods_of(self, kind: type) -> list[str]:
        """Return names of methods that the mirror of a class of ours shows, too."""
        return []

    def mirrored(self, mirror: Any, fields: Any, methods: Any) -> None:
        """Look at a class that has just been mirrored, and at what it is compared by."""

    def space_of(self, mirror: Any) -> Any:
        """Return what stands in a class of the other side, as its `__dict__`."""
        return type.__getattribute__(mirror, "__dict__")

    def introduce(self, number: int, description: list[Any]) -> None:
        """Have the next message say what a class of ours is.

        Apart from where it is mentioned: a form may be made and never sent.
        """
        self._introductions.append([number, description])

    def instance_of(self, form: dict[str, Any]) -> Any:
        """Return the proxy of a form."""
        number, class_form = form["ref"], form["class"]
        known = self.foreign.get(number)
        if known is not None:
            return known
        kind = self.class_of(class_form)
        if not isinstance(kind, Meta):
            kind = self._mirror_of_library_class(kind, class_form["class"])
        content = self.decode(form["native"]) if "native" in form else None
        instance = self.know(number, new_instance(kind, content))
        if native_base(kind) in (list, dict, set, bytearray):
            self.hold(number, instance, form["native"])
        return instance

    def _mirror_of_library_class(self, kind: Any, number: int) -> Any:
        mirror = self._instance_mirrors.get(number)
        if mirror is None:
            mirror = make_mirror(self, number, kind.__name__, (), self._specials[number])
            mirror.__module__ = kind.__module__
            self._instance_mirrors[number] = mirror
        return mirror

    # Values.

    def encode(self, value: Any) -> Any:
        """Return the form of a value: a copy where it has one, else a reference."""
        return value if type(value) in values.PLAIN else deeply(self._encode, value)

    def _encode(self, value: Any) -> Any:
        if type(value) in values.PLAIN:
            return value
        number = self._foreign_numbers.get(id(value))
        if number is not None:
            return {"own": number}
        form = values.form_of(value, self._encode)
        if form is None:
            return self.refer(value)
        root = views.root_of(value) if self._held else None
        number = self._held_numbers.get(id(root))
        if number is None:
            return form
        self._looked_into.add(number)
        return {"view": [number, *views.place_of(value, root), form]}

    def encode_shared(self, box: Box) -> Any:
        """Return the form of a value that both sides go on using."""
        value = box[0]
        if type(value) in values.PLAIN:
            return value
        if not values.is_mutable(value):
            return self.encode(value)
        number = self._held_numbers.get(id(value))
        if number is not None:
            return {"held": number}
        form = self.encode(value)
        self._last += self.step
        self._hold(self._last, value, form)
        self._fresh.add(self._last)
        return {"new": [self._last, form]}

    def hold(self, number: int, value: Any, form: Any) -> None:
        """Keep a container in step with its copy on the other side."""
        self._hold(number, value, form)

    def _hold(self, number: int, value: Any, form: Any) -> None:
        self._held[number] = [value, form]
        self._held_numbers[id(value)] = number

    def decode(self, form: Any) -> Any:
        """Return the value of a form; raise `Broken` where it is none."""
        return form if type(form) in values.PLAIN else deeply(self._decode, form)

    def _decode(self, form: Any) -> Any:
        kind = type(form)
        if kind is list:
            if values.PLAIN.issuperset(map(type, form)):
                return form[:]
            return [self._decode(item) for item in form]
        if kind is not dict:
            return form
        try:
            if values.is_form(form):
                return values.build(form, self._decode)
            if "own" in form:
                return self.own[form["own"]]
            if "held" in form:
                return self._held[form["held"]][0]
            if "view" in form:
                number, *place, content = form["view"]
                value = self._decode(content)
                return views.view_of(self._held[number][0], place, value)
            if "new" in form:
                number, content = form["new"]
                value = self._decode(content)
                self._hold(int(number), value, content)
                return value
            return self.adopt(form)
        except MALFORMED as error:
            raise Broken(f"a value cannot be built: {error}") from None

    def _form_of_held(self, value: Any) -> Any:
        if values.is_mutable(value):
            return self.encode(value)
        return self.encode(plain_of(native_base(type(value)), value))

    # Conversation.

    def ask(self, op: str, *args: Any, **kwargs: Any) -> Any:
        """Have the other side do something; return what comes of it, or raise what it raised."""
        with self.lock:
            return self._ask(op, args, kwargs)

    def _ask(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        message: dict[str, Any] = {"op": op, "a": [self.encode_shared([arg]) for arg in args]}
        if kwargs:
            message["k"] = {key: self.encode_shared([arg]) for key, arg in kwargs.items()}
        del args, kwargs
        self._send(message)
        answer = self._wait()
        if "err" in answer:
            raise self.error_of(answer["err"])
        return self.decode(answer.get("ok"))

    def _wait(self) -> dict[str, Any]:
        """Serve the other side until it answers."""
        answered = False
        try:
            while True:
                message = self._receive()
                if "op" in message:
                    self.serve(message)
                elif self._abandoned:
                    self._abandoned -= 1
                else:
                    answered = True
                    return message
        finally:
            if not answered:  # a handler of a signal took us out of here: its answer comes later
                self._abandoned += 1

    def listen(self) -> None:
        """Serve the other side until it is gone."""
        while True:
            message = self._receive()
            if "op" in message:
                self.serve(message)
            else:
                self._abandoned -= 1

    def serve(self, message: dict[str, Any]) -> None:
        """Answer one question."""
        op, given, named = message.get("op"), message.get("a"), message.get("k", {})
        if type(op) is not str or type(given) is not list or type(named) is not dict:
            raise Broken("a message says nothing")
        args = [self.decode(form) for form in given]
        kwargs = {key: self.decode(form) for key, form in named.items()}
        self.depth += 1
        answer = self._answer(op, args, kwargs)
        self.depth -= 1
        del args, kwargs
        self._send(answer)

    def _answer(self, op: str, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        try:
            box = [self.perform(op, args, kwargs)]
            if is_held_elsewhere(box):
                return {"ok": self.encode_shared(box)}
            return {"ok": self.encode(box[0])}
        except Broken:
            raise
        except BaseException as error:
            return {"err": self.describe_error(error)}

    def _send(self, message: dict[str, Any]) -> None:
        if self._held:
            self._tell_changes(message)
        self.sending(message)
        self._fresh.clear()  # with what `sending` has added: it may change before the next message
        if self._introductions:
            message["t"], self._introductions = self._introductions, []
        self.link.send(message)

    def _tell_changes(self, message: dict[str, Any]) -> None:
        alone = self._held_here_alone(message) if self.depth == 0 else []
        changed: list[Any] = []
        for number, box in list(self._held.items()):
            if number in self._fresh:
                continue
            form = self._form_of_held(box[0])
            if deeply(partial(ne, box[1]), form):
                box[1] = form
                changed.append([number, form])
        self._looked_into.clear()
        if changed:
            message["u"] = changed
        self._forget(alone, message)

    def _held_here_alone(self, message: dict[str, Any]) -> list[int]:
        named = message.get("a", ())
        return [
            number
            for number, box in self._held.items()
            if not is_held_elsewhere(box)
            and number not in self._looked_into
            and not self._is_sent(number, named, message)
        ]

    def _forget(self, numbers: list[int], message: dict[str, Any]) -> None:
        """Let go of what nobody uses here any more, and say so."""
        for number in numbers:
            self._drop(number)
        if numbers:
            message["f"] = numbers

    def _is_sent(self, number: int, named: Any, message: dict[str, Any]) -> bool:
        forms = [*named, *message.get("k", {}).values(), message.get("ok")]
        return any(
            type(form) is dict
            and (form.get("held") == number or form.get("new", (None,))[0] == number)
            for form in forms
        )

    def _drop(self, number: int) -> None:
        box = self._held.pop(number, None)
        if box is not None:
            self._held_numbers.pop(id(box[0]), None)

    def _receive(self) -> dict[str, Any]:
        message = self.link.receive()
        for number, description in message.get("t", ()):
            self._introduced.setdefault(number, description)
        self.received(message)
        for number, form in message.get("u", ()):
            box = self._held.get(number)
            if box is not None:
                box[1] = form
                self.renew(box[0], form)
        for number in message.get("f", ()):
            self._drop(number)
        return message

    def renew(self, value: Any, form: Any) -> None:
        """Give a held container its new content."""
        deeply(partial(values.replace, value), self.decode(form))
