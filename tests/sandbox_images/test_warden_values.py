"""Values on the wire: what goes in comes out, whatever a subclass overrides."""

# The classes here override what no class should.
# pyright: reportIncompatibleMethodOverride=false, reportUntypedNamedTuple=false

import collections
import decimal
import enum
import fractions
import json
import math
import sys
import types
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.engine.judge.values import same
from veristone.sandbox_images.warden import values

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(st.characters(), max_size=20)
    | st.text("$\ud800\udfffa", max_size=4)
    | st.binary(max_size=20)
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.builds(range, st.integers(-5, 5), st.integers(-5, 5), st.integers(1, 3))
)
HASHABLE = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
VALUES = st.recursive(
    SCALARS | HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(HASHABLE, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def wire(value: Any) -> Any:
    """Encode as the sample's side does, send as JSON, read as the engine does."""
    encoder = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)
    form = values.deeply(values.encode, value)
    return msgspec.json.decode(values.deeply(encoder.encode, form))


@given(VALUES)
def test_what_is_encoded_is_decoded(value: Any) -> None:
    result = values.decode(wire(value))
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, complex(math.nan, math.inf)])
def test_numbers_that_json_lacks(value: Any) -> None:
    result = values.decode(wire(value))
    assert repr(result) == repr(value)


class Liar(list):  # type: ignore[type-arg]
    def __iter__(self):
        return iter([1, 2, 3])

    def __len__(self):
        return 3

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    @property
    def __class__(self):
        return int


class LyingDict(dict):  # type: ignore[type-arg]
    def items(self):
        return [("right", 1)]

    def __iter__(self):
        return iter(["right"])


class LyingSet(set):  # type: ignore[type-arg]
    def __iter__(self):
        return iter({1, 2})


class LyingInt(int):
    def __int__(self) -> int:
        return 42

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 42

    def __repr__(self) -> str:
        return "42"


class LyingFloat(float):
    def __float__(self) -> float:
        return 1.5

    def __repr__(self) -> str:
        return "1.5"


class LyingStr(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "right"

    def encode(self, *args: Any) -> bytes:
        return b"right"


class LyingBytes(bytes):
    def __getitem__(self, key: Any) -> Any:
        return b"right"

    def __bytes__(self) -> bytes:
        return b"right"


class LyingTuple(tuple):  # type: ignore[type-arg]
    __slots__ = ()

    def __iter__(self):
        return iter((1, 2))


class LyingComplex(complex):
    @property
    def real(self) -> float:  # type: ignore[override]
        return 9.0

    @property
    def imag(self) -> float:  # type: ignore[override]
        return 9.0


class LyingBytearray(bytearray):
    def __getitem__(self, key: Any) -> Any:
        return b"right"


class LyingFraction(fractions.Fraction):
    @property
    def numerator(self) -> int:  # type: ignore[override]
        return 7

    @property
    def denominator(self) -> int:  # type: ignore[override]
        return 9


class LyingDecimal(decimal.Decimal):
    def __str__(self) -> str:
        return "7"


@pytest.mark.parametrize(
    ("liar", "truth"),
    [
        (Liar([9]), [9]),
        (LyingDict(wrong=1), {"wrong": 1}),
        (LyingSet({9}), {9}),
        (LyingInt(7), 7),
        (LyingFloat(2.5), 2.5),
        (LyingStr("wrong"), "wrong"),
        (LyingBytes(b"wrong"), b"wrong"),
        (LyingBytearray(b"wrong"), b"wrong"),
        (LyingTuple((9,)), (9,)),
        (LyingComplex(1, 2), 1 + 2j),
        (LyingDecimal("1.5"), decimal.Decimal("1.5")),
        (LyingFraction(1, 2), fractions.Fraction(1, 2)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_subclass_is_what_its_base_holds(liar: Any, truth: Any) -> None:
    assert wire(liar) == wire(truth)


class Always:
    """Equal to everything: the classic way to satisfy an assert."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1

    @property
    def __class__(self):
        return int

    def __repr__(self) -> str:
        return "55"


def test_an_object_that_claims_another_class_is_an_object() -> None:
    form = wire(Always())
    assert list(form) == ["$instance"]
    assert "Always" in str(form["$instance"][1])


def test_an_object_without_a_copy_is_an_object_whatever_its_repr_does() -> None:
    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError("no")

        def __reduce_ex__(self, protocol: object) -> Any:
            raise TypeError("no")

    assert wire(Silent())["$object"][1] == "(repr failed)"


def test_a_cycle_is_too_deep() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(values.TooDeep):
        values.deeply(values.encode, cycle)
    tangled: dict[str, Any] = {}
    tangled["again"] = (tangled,)
    with pytest.raises(values.TooDeep):
        values.deeply(values.encode, tangled)


DEEP: dict[str, tuple[Callable[[Any], Any], int]] = {
    "list": (lambda value: [value], 1),
    "tuple": (lambda value: (value,), 2),
    "dict": (lambda value: {"a": value}, 1),
    "tagged dict": (lambda value: {0: value}, 3),
    "frozenset": (lambda value: frozenset([value]), 2),
}


@pytest.mark.parametrize(("inside", "levels"), DEEP.values(), ids=DEEP)
def test_the_deepest_value_survives_the_way(inside: Callable[[Any], Any], levels: int) -> None:
    value: Any = 1
    for _ in range(values.MAX_DEPTH // levels):
        value = inside(value)
    before = sys.getrecursionlimit()
    form = values.deeply(wire, value)
    assert values.deeply(values.encode, values.deeply(values.decode, form)) == form
    assert same(form, form)
    with pytest.raises(values.TooDeep):
        values.deeply(values.encode, inside(inside(value)))
    assert sys.getrecursionlimit() == before


def test_common_containers_count_as_their_bases() -> None:
    point = collections.namedtuple("point", "x y")(1, 2)
    assert wire(point) == {"$tuple": [1, 2]}
    assert wire(collections.defaultdict(int, a=1)) == {"a": 1}
    assert wire(collections.OrderedDict(a=1)) == {"$odict": [["a", 1]]}
    assert wire(collections.Counter("aab")) == {"$counter": [["a", 2], ["b", 1]]}
    assert wire(enum.IntEnum("Level", "LOW")(1)) == 1  # pyright: ignore[reportCallIssue]
    assert wire({"a": 1}.keys()) == {"$set": ["a"]}


def test_a_dictionary_that_looks_like_a_tag_is_escaped() -> None:
    for value in ({"$int": "ff"}, {"$": 1}, {"$tuple": [1], "b": 2}):
        assert values.decode(wire(value)) == value
        assert list(wire(value)) == ["$dict"]


def _stand_in_for_numpy() -> types.ModuleType:
    numpy = types.ModuleType("numpy")

    class generic:
        def item(self) -> float:
            return 2.5

    class ndarray:
        dtype = "float64"

        def tolist(self) -> list[float]:
            return [1.0, 2.0]

    numpy.generic, numpy.ndarray = generic, ndarray  # type: ignore[attr-defined]
    return numpy


def test_numpy_values(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        import numpy  # pyright: ignore[reportMissingImports]
    except ImportError:
        numpy = _stand_in_for_numpy()
        monkeypatch.setitem(sys.modules, "numpy", numpy)
        scalar, array = numpy.generic(), numpy.ndarray()
    else:
        scalar, array = numpy.float64(2.5), numpy.array([1.0, 2.0])
    assert wire(scalar) == 2.5
    assert wire(array) == {"$ndarray": ["float64", [1.0, 2.0]]}


def test_an_array_of_a_structured_type_survives_the_way() -> None:
    numpy: Any = pytest.importorskip("numpy")
    array = numpy.array([(1, 2.5), (3, 4.5)], dtype=[("a", "<i4"), ("b", "<f8")])
    back = values.decode(wire(array))
    assert back.dtype == array.dtype
    assert back.tolist() == array.tolist()


@pytest.mark.parametrize(
    "form",
    [
        {"$nothing": 1},
        {"$int": "zz"},
        {"$int": 3},
        {"$float": "1.x"},
        {"$complex": []},
        {"$complex": {}},
        {"$set": 3},
        {"$set": [[1]]},
        {"$dict": [[1]]},
        {"$dict": [[[], 1]]},
        {"$fraction": [1, 0]},
        {"$fraction": [1]},
        {"$decimal": "x"},
        {"$bytes": "a"},
        {"$str": "f"},
        {"$range": [1, 2, 0]},
        {"$range": [1.5]},
        {"$object": []},
        {"$ndarray": 3},
        {"$ndarray": []},
    ],
    ids=str,
)
def test_a_form_that_is_no_value_is_a_value_error(form: Any) -> None:
    with pytest.raises(ValueError, match=r".*"):
        values.decode(form)
