"""Settings that people write: what a mistake says, for every room alike."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from veristone import ConfigError
from veristone.settings import checked, read_toml


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = Field(ge=1)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = ""
    inner: Inner


def test_a_file_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('name = "ä"\n[inner]\nsize = 3\n', encoding="utf-8")
    found = checked(Outer, read_toml(path, "a", what="recipe", known=[]), "a.toml")
    assert (found.name, found.inner.size) == ("ä", 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[inner]\nsize = 0\n", "a.toml: inner.size: Input should be greater"),
        ("[inner]\nsize = 1\nsizes = 2\n", "a.toml: inner.sizes: there is no such setting"),
        ("", "a.toml: inner: Field required"),
        ("name = ", "a.toml: Invalid value"),
        ("\ud800".encode("utf-8", "surrogatepass"), "a.toml: not UTF-8 text"),
    ],
)
def test_a_mistake_is_named_by_its_place(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=said.replace(".", r"\.")):
        checked(Outer, read_toml(path, "a.toml", what="recipe", known=[]), "a.toml")


def test_a_missing_file_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"x: no such file, and no preset of ours \(a, b\)"):
        read_toml(tmp_path / "x", "x", what="preset", known=["a", "b"])
    with pytest.raises(ConfigError, match=str(tmp_path)):
        read_toml(tmp_path, str(tmp_path), what="preset", known=[])


def test_an_error_that_is_no_models_is_not_hidden() -> None:
    class Odd:
        def model_validate(self, obj: object, /) -> int:
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        checked(Odd(), {}, "a")
