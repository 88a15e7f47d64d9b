"""Few-shot examples: one Markdown file each, in a folder that is a set.

    # Snippet           code that inspired it, fenced or not
    # Concepts          comma separated, or one a line
    # Properties        lines `category: function`, `language: python`, `difficulty: medium`
    # Instruction       what is asked for
    # Reasoning         how a solver thinks
    # Response          text with fences: the solution
    # Explanation       what the solution does
    # Tests             one fence

Headings come in any order and may be left out; `language` is Python where it is not said. A line
counts as a heading where it begins with `# ` at column 0 outside of fenced code, so a comment in
code has to stand in a fence. A section's text is taken without blank lines around it; `snippet` and
`tests` are the code alone, without their fence. The name of an example is its file's name without
suffix, and examples are sorted by it.
"""

from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from pydantic import BaseModel, ConfigDict

from veristone import ConfigError
from veristone.generators.code.fences import fences, lines_of
from veristone.generators.seeds.languages import LANGUAGES, language_named
from veristone.generators.synthesis.formats import concepts_in

__all__ = ["HEADINGS", "Example", "builtin_examples", "parse_example", "read_examples"]

_BUILT_IN = Path(__file__).parent / "examples"
_PROPERTIES = ("category", "language", "difficulty")
HEADINGS = (
    "Snippet",
    "Concepts",
    "Properties",
    "Instruction",
    "Reasoning",
    "Response",
    "Explanation",
    "Tests",
)
"""What an example may have."""

# A heading inside a list or a quotation is none of ours: only these two rules are on.
_PARSER = MarkdownIt("zero").enable(["fence", "heading"]).disable("inline")


class Example(BaseModel):
    """One worked example. A part that its file leaves out is empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    snippet: str = ""
    concepts: tuple[str, ...] = ()
    category: str = ""
    language: str = "python"
    difficulty: str = ""
    instruction: str = ""
    reasoning: str = ""
    response: str = ""
    explanation: str = ""
    tests: str = ""


def builtin_examples() -> list[str]:
    """Return the names of the sets of examples that come with Veristone."""
    return sorted(path.name for path in _BUILT_IN.glob("*") if any(path.glob("*.md")))


def read_examples(name: str, folder: Path | None = None) -> list[Example]:
    """Read a set: one of ours by its name, or a folder, relative to `folder` where that is given.

    Raises:
        ConfigError: there is no such folder, it has no examples, or one of them is wrong; the
            message names the file and the heading.
    """
    path = _BUILT_IN / name
    if name not in builtin_examples():
        path = (folder or Path()) / Path(name).expanduser()
    files = sorted(path.glob("*.md")) if path.is_dir() else []
    if not files:
        known = ", ".join(builtin_examples()) or "none"
        raise ConfigError(
            f"examples {name!r}: neither a folder of .md files, nor a set of ours ({known})"
        )
    return [_read(file) for file in files]


def _read(file: Path) -> Example:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error
    return parse_example(text, file.stem, str(file))


def parse_example(text: str, name: str, where: str = "") -> Example:
    """Return the example that a Markdown text is.

    Raises:
        ConfigError: the message names `where` (the name, if not given) and the heading.
    """
    where = where or name
    parts: dict[str, str] = {}
    for heading, content in _sections(text, where):
        if heading not in HEADINGS:
            known = ", ".join(HEADINGS)
            raise ConfigError(f"{where}: unknown heading '# {heading}'; there are {known}")
        if heading in parts:
            raise ConfigError(f"{where}: heading '# {heading}' stands there twice")
        if not content:
            raise ConfigError(f"{where}: nothing under '# {heading}'; leave the heading out")
        parts[heading] = content
    tests = _one_fence(parts["Tests"], f"{where}: # Tests") if "Tests" in parts else ""
    return Example(
        name=name,
        snippet=_snippet(parts.get("Snippet", ""), where),
        concepts=concepts_in(parts.get("Concepts", "")),
        instruction=parts.get("Instruction", ""),
        reasoning=parts.get("Reasoning", ""),
        response=_closed(parts.get("Response", ""), f"{where}: # Response"),
        explanation=parts.get("Explanation", ""),
        tests=tests,
        **_properties(parts.get("Properties", ""), where),
    )


def _sections(text: str, where: str) -> Iterator[tuple[str, str]]:
    text = text.removeprefix("\ufeff")
    lines = lines_of(text)
    starts = [
        token.map[0]
        for token in _PARSER.parse(text)
        if token.type == "heading_open" and token.tag == "h1" and token.map is not None
    ]
    starts = [line for line in starts if lines[line].startswith("#")]
    if "".join(lines[: starts[0]] if starts else lines).strip():
        raise ConfigError(f"{where}: text before the first heading")
    for start, end in zip(starts, [*starts, len(lines)][1:], strict=True):
        content = "\n".join(lines[start + 1 : end])
        yield lines[start].strip("# \t"), content.strip("\n").rstrip()


def _properties(text: str, where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, colon, value = (part.strip() for part in line.removeprefix("- ").partition(":"))
        if not colon or not value or key not in _PROPERTIES:
            known = ", ".join(_PROPERTIES)
            raise ConfigError(f"{where}: # Properties: {line!r}: lines are KEY: VALUE, of {known}")
        if key == "language":
            known = language_named(value)
            if known is None:
                raise ConfigError(
                    f"{where}: # Properties: no language {value!r}; use one of"
                    f" {', '.join(LANGUAGES)}"
                )
            value = known
        found[key] = value
    return found


def _snippet(text: str, where: str) -> str:
    return _one_fence(text, f"{where}: # Snippet") if fences(text) else text


def _one_fence(text: str, where: str) -> str:
    _closed(text, where)
    found = fences(text)
    if len(found) != 1:
        raise ConfigError(f"{where}: {len(found)} fences, one is expected")
    return found[0].code


def _closed(text: str, where: str) -> str:
    if any(not fence.closed for fence in fences(text)):
        raise ConfigError(f"{where}: a fence is not closed")
    return text
