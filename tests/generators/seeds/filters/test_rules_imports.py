"""Imports of functions: those of their document, then autoimport's; and decorators left out."""

import pytest
from pydantic import ValidationError
from rules_corpus import modules, seed

from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.filters.imports import Import, Imports, import_lines
from veristone.generators.seeds.filters.names import Undefined
from veristone.generators.seeds.records import Document, Provenance, Seed, seed_id


def judged(code: str, *, head: str = "", **settings: object) -> Seed:
    """The last function of a document, after the imports step."""
    document = Document(
        content=f"{head}\n\n{code}\n", language="python", provenance=Provenance(source="here")
    )
    found = Functions().extract(document).seeds[-1]
    outcome = Imports.model_validate(settings).judge(found)
    assert isinstance(outcome, Seed)
    assert not outcome.bindings
    return outcome


def imports(body: str, head: str = "", **settings: object) -> tuple[str, ...]:
    code = body if "def " in body else f"def f(x):\n    'Doc.'\n    return {body}"
    return judged(code, head=head, **settings).imports


# The head of a document, what a function of it uses, and the import lines that go with that.
DOCUMENTS = [
    ("import json, os", "json.dumps(x)", ("import json",)),
    ("from math import sqrt, pi", "sqrt(x) * pi", ("from math import pi, sqrt",)),
    ("from cmath import sqrt", "sqrt(x)", ("from cmath import sqrt",)),
    (
        "from typing import (\n    List,\n    Dict as D,\n)",
        "D[x]",
        ("from typing import Dict as D",),
    ),
    ("from typing import List", "def f(x: 'List'):\n    'D.'", ("from typing import List",)),
    ("import os.path", "os.path.join(x)", ("import os.path",)),
    ("import xml.dom\nimport xml.etree.ElementTree", "xml.dom.x", ("import xml.dom",)),
    ("import os\nimport os.path", "os.getcwd()", ("import os",)),
    ("from typing_extensions import Literal", "Literal", ("from typing import Literal",)),
    ("from io import open", "open(x)", ("from io import open",)),
    ("import re\ndef re(): pass", "re(x)", ()),
    ("def re(): pass\nimport re", "re.sub(x)", ("import re",)),
    ("def f(x, re):\n    'D.'\n    return re", "def f(x, re):\n    'D.'\n    return re", ()),
    # Several statements for one name.
    (
        "try:\n    import a as j\nexcept ImportError:\n    import json as j",
        "j(x)",
        ("import json as j",),
    ),
    ("try:\n    import numpy as np\nexcept ImportError:\n    np = None", "np.x", ()),
    ("try:\n    import json\nexcept ImportError:\n    json = None", "json.x", ("import json",)),
    (
        "try:\n    from urllib import quote\nexcept E:\n    from urllib.parse import quote",
        "quote(x)",
        ("from urllib.parse import quote",),
    ),
    (
        "if sys.version_info >= (3, 11):\n    import tomllib\nelse:\n    import tomli as tomllib",
        "tomllib.loads(x)",
        ("import tomllib",),
    ),
    (
        "if TYPE_CHECKING:\n    from types import CodeType",
        "CodeType",
        ("from types import CodeType",),
    ),
    ("if TYPE_CHECKING:\n    from .a import B", "def f(x: B):\n    'D.'", ()),
    (
        "if os.name == 'nt':\n    from ntpath import join\nelse:\n    from posixpath import join",
        "join(x)",
        (),
    ),
    ("import json\nif x:\n    def json(): pass", "json(x)", ()),
    ("if sys.platform == 'win32':\n    import winreg", "winreg.x", ("import winreg",)),
    # Modules that there are not, and names that a module does not have.
    ("from . import json", "json.dumps(x)", ()),
    ("from .json import dumps", "dumps(x)", ()),
    ("import numpy as np", "np.array(x)", ()),
    ("from collections import Mapping", "Mapping", ()),
    ("from json import gone", "gone", ()),
    # The document's own names are not looked up.
    (
        "code = token = 1\nfor queue in x: pass\nwith x as (copy, *glob): pass",
        "code, token, queue, copy, glob",
        (),
    ),
    # What it does not bind is.
    (
        "from os.path import *",
        "json.dumps(x), Path(x)",
        ("from pathlib import Path", "import json"),
    ),
    ("", "def f(x: List[int]):\n    'D.'", ("from typing import List",)),
    ("", "datetime.now()", ("from datetime import datetime",)),
    ("", "BaseModel(x), np.array(x), gone, hypothesis.given(x), generators.seeds", ()),
]


@pytest.mark.parametrize("number", range(len(DOCUMENTS)))
def test_imports_of_the_document(number: int) -> None:
    head, body, lines = DOCUMENTS[number]
    assert imports(body, head) == lines


def test_the_papers_way_knows_nothing_of_the_document() -> None:
    head = "from cmath import sqrt\ncode = 1"
    assert imports("sqrt(x), code, Path(x)", head, from_document=False) == (
        "from pathlib import Path",
        "import code",
    )


@pytest.mark.parametrize(
    ("head", "body", "allowed", "lines"),
    [
        ("import numpy as np", "np.array(x)", ("numpy",), ("import numpy as np",)),
        ("import numpy as np", "np.array(x)", ("pandas",), ()),
        ("from torch import nn", "nn.Linear(x)", ("torch",), ("from torch import nn",)),
        ("", "BaseModel(x)", ("pydantic",), ("from pydantic import BaseModel",)),
    ],
)
def test_third_party_modules_only_where_allowed(
    head: str, body: str, allowed: tuple[str, ...], lines: tuple[str, ...]
) -> None:
    assert imports(body, head, third_party=allowed) == lines


DECORATORS = [
    ("@gone\ndef f(x):\n    'D.'\n    return x + 1", "def f(x):"),
    ("@gone.a(\n    1,\n)\n@cache\ndef f(x):\n    'D.'\n    return x + 1", "@cache"),
    ("@cache\n@gone\nasync def f(x):\n    'D.'\n    return x + 1", "@cache\nasync def f(x):"),
    # More than decorators is unknown.
    ("@gone\ndef f(x):\n    'D.'\n    return x + lost", "@gone"),
    # It does the work.
    ("@gone\ndef f(x, y):\n    'D.'\n    return (x, y)", "@gone"),
    ("@gone\ndef f(x, y):\n    'D.'\n    if x:\n        return x,\n    return y", "@gone"),
]


@pytest.mark.parametrize(("code", "beginning"), DECORATORS)
def test_unresolved_decorators_are_left_out(code: str, beginning: str) -> None:
    outcome = judged(code, head="from functools import cache")
    assert outcome.code.startswith(beginning)
    assert outcome.id == seed_id("python", outcome.code)
    assert outcome.code.endswith(code.partition("def ")[2])


def test_imports_of_a_decorator_go_with_it() -> None:
    code = "@gone(json.dumps)\ndef f(x):\n    'D.'\n    return x + 1"
    assert judged(code, head="import json").text == code.partition("\n")[2]


def test_a_second_time_changes_nothing() -> None:
    once = judged("def f(x: List[int]):\n    'D.'\n    return json.dumps(x), Path(x)")
    assert len(once.imports) == 3
    assert Imports().judge(once) == once


def test_what_was_there_is_kept() -> None:
    given = seed("def f(x): return Optional, Path(x)", imports=("from typing import Optional",))
    outcome = Imports().judge(given)
    assert isinstance(outcome, Seed)
    assert outcome.imports == ("from pathlib import Path", "from typing import Optional")


@pytest.mark.parametrize(
    ("code", "shape"), [("def f(:", "function"), ("return json.dumps(x)", "snippet")]
)
def test_what_is_no_function_stays_as_it_is(code: str, shape: str) -> None:
    given = seed(code, shape=shape)
    assert Imports().judge(given) == given


def test_lines_are_merged_and_sorted() -> None:
    lines = import_lines(
        [Import("typing", "List"), Import("os"), Import("typing", "Any"), Import("a.b", alias="c")]
    )
    assert lines == ("from typing import Any, List", "import a.b as c", "import os")


@pytest.mark.parametrize("name", ["numpy.linalg", "import numpy", "", "numpy*"])
def test_wrong_names_of_modules_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Imports(third_party=(name,))


def test_a_documents_functions_find_their_imports() -> None:
    """On real files: what an import of the standard library binds is never undefined."""
    kept = 0
    for path in modules()[:100]:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        document = Document(
            content=text, language="python", provenance=Provenance(source="here", path=str(path))
        )
        for function in Functions(methods=True).extract(document).seeds:
            outcome = Imports().judge(function)
            assert isinstance(outcome, Seed)
            kept += isinstance(Undefined().judge(outcome), Seed)
            if outcome.imports:
                compile("\n".join(outcome.imports), "imports", "exec")
    assert kept > 50
