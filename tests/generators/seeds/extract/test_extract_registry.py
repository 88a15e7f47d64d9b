"""Extractors as recipes name them."""

import subprocess
import sys
from pathlib import Path

import pydantic
import pytest

from veristone import ConfigError
from veristone.generators.code.grammars import GRAMMARS
from veristone.generators.seeds.extract import AnyExtractor
from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.extract.languages import LANGUAGES
from veristone.generators.seeds.extract.snippets import Snippets
from veristone.generators.seeds.languages import LANGUAGES as NAMES
from veristone.generators.seeds.records import Document, Provenance

ROOT = Path(__file__).resolve().parents[4]
ADAPTER: pydantic.TypeAdapter[Functions | Snippets] = pydantic.TypeAdapter(AnyExtractor)


@pytest.mark.parametrize(
    ("settings", "extractor"),
    [
        ({"kind": "functions"}, Functions()),
        (
            {"kind": "functions", "languages": ["go", "rust"], "methods": True},
            Functions(languages=("go", "rust"), methods=True),
        ),
        ({"kind": "snippets", "max_lines": 30}, Snippets(max_lines=30)),
    ],
)
def test_settings(settings: dict[str, object], extractor: Functions | Snippets) -> None:
    assert ADAPTER.validate_python(settings) == extractor


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "classes"}, "functions.*snippets"),
        ({"kind": "functions", "nested": True}, "nested"),
        ({"kind": "functions", "languages": ["python", "cobol"]}, "no grammar for cobol.*typescri"),
        ({"kind": "functions", "languages": []}, "no grammar"),
        ({"kind": "snippets", "languages": ["cobol"]}, "no language 'cobol'"),
        ({"kind": "snippets", "min_lines": 16}, "min_lines is more than max_lines"),
    ],
)
def test_wrong_settings_say_what_is_wrong(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ADAPTER.validate_python(settings)


def test_settings_do_not_change() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        Functions().methods = True


def test_languages_have_the_names_that_documents_have() -> None:
    assert set(LANGUAGES) <= set(NAMES)


def test_a_missing_grammar_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES, "cobol", LANGUAGES["go"])
    monkeypatch.setitem(GRAMMARS, "cobol", ("tree_sitter_no_such", "language"))
    document = Document(content="a", language="cobol", provenance=Provenance(source="here"))
    with pytest.raises(ConfigError, match=r"grammar of cobol.*veristone\[seeds\]"):
        Functions(languages=("cobol",)).extract(document)


def test_other_languages_give_nothing_but_a_count() -> None:
    document = Document(content="a", language="cobol", provenance=Provenance(source="here"))
    assert Functions().extract(document).counts == {"other_language": 1}
    assert Snippets(languages=("go",)).extract(document).counts == {"other_language": 1}


def test_grammars_are_imported_when_a_document_of_theirs_is_read() -> None:
    script = """
import sys
from veristone.generators.seeds.extract import AnyExtractor
from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.records import Document, Provenance
extractor = Functions()
assert not any("tree_sitter" in name for name in sys.modules)
document = Document(content="def f(): 'F.'", language="python", provenance=Provenance(source="a"))
assert len(extractor.extract(document).seeds) == 1
print(sorted(name for name in sys.modules if name.startswith("tree_sitter") and "." not in name))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("['tree_sitter', 'tree_sitter_python']\n", "")
