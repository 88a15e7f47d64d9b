"""Which modules a seed may import, and the frozen standard library behind it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from rules_corpus import reason, seed

from veristone.generators.seeds.filters.modules import Modules
from veristone.generators.seeds.filters.stdlib import builtin_names, frozen, members, roots

ROOT = Path(__file__).parents[4]
CASES = {
    "import json": "kept",
    "import xml.etree.ElementTree as ET": "kept",
    "from collections.abc import Mapping": "kept",
    "import sysconfig": "kept",
    "import osx": "third_party_module",
    "from osgeo import gdal": "third_party_module",
    "import os": "denied_module",
    "import os.path": "denied_module",
    "import json, os as o": "denied_module",
    "from os import path": "denied_module",
    "from os.path import join": "denied_module",
    "from sys import argv": "denied_module",
    "import distutils.core": "denied_module",
    "import matplotlib.pyplot as plt": "denied_module",
    "import numpy as np": "third_party_module",
    "from . import a": "relative_import",
    "from .os import a": "relative_import",
    "from ..a.b import c": "relative_import",
    "x = __import__('os')": "denied_module",
    "x = importlib.import_module('subprocess')": "denied_module",
    "x = import_module('numpy')": "third_party_module",
    "x = importlib.import_module(x)": "kept",
    "x = 'import os'  # from sys import x": "kept",
    "import": "unparsable",
}


@pytest.mark.parametrize("line", CASES)
def test_modules(line: str) -> None:
    given = seed(f"def f(x):\n    '''From system import os.'''\n    {line}\n    return x")
    assert reason(Modules(), given) == CASES[line]


@pytest.mark.parametrize(
    ("settings", "line", "expected"),
    [
        ({"deny": ()}, "import os", "kept"),
        ({"deny": ("xml",)}, "import xml.etree", "denied_module"),
        ({"deny": ("xml.sax",)}, "import xml.etree", "kept"),
        ({"allow": ("numpy",)}, "import numpy.linalg", "kept"),
        ({"allow": ("numpy",)}, "import numpyro", "third_party_module"),
        ({"allow": ("os.path",)}, "from os import path", "kept"),
        ({"allow": ("os.path",)}, "from os.path import join", "kept"),
        ({"allow": ("os.path",)}, "import os", "denied_module"),
        ({"deny": ("numpy.random",), "allow": ("numpy",)}, "import numpy.random", "denied_module"),
        ({"deny": ("numpy.random",), "allow": ("numpy",)}, "import numpy.fft", "kept"),
    ],
)
def test_lists(settings: dict[str, tuple[str, ...]], line: str, expected: str) -> None:
    rule = Modules.model_validate(settings)
    assert reason(rule, seed(f"def f(x):\n    {line}\n    return x")) == expected


def test_inferred_imports_count() -> None:
    given = seed("def f(x): return os.getcwd()", imports=("import os",))
    assert reason(Modules(), given) == "denied_module"


def test_a_snippet_that_does_not_parse_passes() -> None:
    assert reason(Modules(), seed("  import os\n}", shape="snippet")) == "kept"
    assert reason(Modules(), seed("import os", shape="snippet")) == "denied_module"


def test_wrong_names_are_refused() -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Modules(allow=("numpy.*",))


def test_the_library_is_that_of_python_3_11() -> None:
    """Whatever Python runs this."""
    assert {"distutils", "imp", "tomllib", "_thread", "winreg", "__future__"} <= roots()
    assert {"aiter", "ExceptionGroup"} <= builtin_names()
    assert not {"PythonFinalizationError", "annotationlib"} & (builtin_names() | roots())
    assert {"join", "sep"} <= members("os.path")
    assert members("numpy") == frozenset()


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the frozen library is that of 3.11")
def test_the_file_is_what_freezing_gives() -> None:
    program = (
        "import json; from benchmarks.freeze_stdlib import freeze; print(json.dumps(freeze()))"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    now = json.loads(answer.stdout)
    held = frozen()
    assert held["roots"] == now["roots"]
    assert held["builtins"] == now["builtins"]
    # Patch releases and build options differ in a few names.
    common = [name for name in held["members"] if name in now["members"]]
    assert len(common) > 0.95 * len(held["members"])
    same = sum(held["members"][name] == now["members"][name] for name in common)
    assert same > 0.97 * len(common)
