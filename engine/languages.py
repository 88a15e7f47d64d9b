"""The languages that sandboxes can run, read from `sandbox_images/*/language.toml`."""

import functools
import hashlib
import tomllib
from pathlib import Path

import msgspec

from veristone import InvalidSample, sandbox_images
from veristone.text import near

__all__ = ["IMAGES", "Language", "find", "installed"]

IMAGES = Path(sandbox_images.__file__).parent


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the engine must know to run a program of one language."""

    name: str
    entry: str
    run: list[str]
    aliases: list[str] = []
    zygote: bool = False

    @property
    def folder(self) -> Path:
        """Where its Dockerfile and selftest lie."""
        return IMAGES / self.name

    def digest(self) -> str:
        """A short hash over everything that goes into its image."""
        state = hashlib.sha256()
        for root in (self.folder, IMAGES / "warden"):
            for path in sorted(root.rglob("*")):
                if path.is_file() and path.suffix != ".pyc" and "selftest" not in path.parts:
                    state.update(str(path.relative_to(IMAGES)).encode() + b"\0")
                    state.update(path.read_bytes() + b"\0")
        return state.hexdigest()[:12]

    def image(self) -> str:
        """The image that holds exactly these files, as `name:tag`."""
        return f"veristone/{self.name}:{self.digest()}"


@functools.cache
def installed() -> dict[str, Language]:
    """Return every language there is, by name."""
    found: dict[str, Language] = {}
    for path in sorted(IMAGES.glob("*/language.toml")):
        language = msgspec.convert(tomllib.loads(path.read_text()), Language)
        found[language.name] = language
    return found


@functools.cache
def find(name: str) -> Language:
    """Return the language called `name`, by its name or an alias.

    Raises:
        InvalidSample: there is none.
    """
    wanted = name.lower()
    for language in installed().values():
        if wanted == language.name or wanted in language.aliases:
            return language
    known = ", ".join(installed())
    raise InvalidSample(
        f"language: no sandbox for {name!r}; there is one for: {known}{near(wanted, installed())}"
    )
