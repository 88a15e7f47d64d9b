"""The program in a chat answer, and in a base model's continuation."""

from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code.answers import answer_text, joined, solution_in_answer
from veristone.generators.code.completion import with_helpers
from veristone.generators.code.fences import tags_of

ADD = "def add(a, b):\n    return a + b\n"


def fenced(code: str, tag: str = "python") -> str:
    return f"```{tag}\n{code.rstrip()}\n```\n"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (f"Sure:\n\n{fenced(ADD)}\nIt adds.", ADD),
        *((fenced(ADD, tag), ADD) for tag in ("py", "", " python", "Python3", "python:a.py")),
        (f"~~~python\n{ADD}~~~\n", ADD),
        (f"```python\n{ADD}", ADD),
        (f"```python\n{ADD}```<|endoftext|>", ADD),
        (f"{ADD.rstrip()}<|im_end|>", ADD),
        (f"```python\n{ADD}```<end_code>\nObservation: 3", ADD),
        (f"python\n{ADD}", ADD),
        (f"'''python\n{ADD}'''\n", ADD),
        (f"``python3\n{ADD}``", ADD),
        (f"{ADD}<|im_end|>\n<|im_start|>user\nmore", ADD),
        (fenced("s = '<|endoftext|>'\n" + ADD), "s = '<|endoftext|>'\n" + ADD),
        (f"<think>\n{fenced('x = 1')}\n</think>\n{fenced(ADD)}", ADD),
        (f"{fenced('def add(a, b): 1')}no.</think>{fenced(ADD)}", ADD),
        (f"<think>\n{fenced(ADD)}", ""),
        (fenced("pip install x\n", "bash") + fenced(ADD), ADD),
        (fenced("1 2\n", "") + fenced(ADD), ADD),
        # A draft, then the right one; an example of use is no part of it; a helper is.
        (fenced("def add(a, b):\n    return a\n") + fenced(ADD), ADD),
        (fenced(ADD) + fenced("print(add(1, 2))\n"), ADD),
        (fenced("print(add(1, 2))\n") + fenced(ADD), ADD),
        (fenced("def add(a): return sub(a)") + fenced("def sub(a): 1"),
         "def add(a): return sub(a)\n\ndef sub(a): 1"),
        (fenced("import math") + fenced("def add(a): math.e"),
         "import math\n\ndef add(a): math.e"),
        (fenced("x = 1\n") + fenced("print(y)\n"), "x = 1\n"),
        # Cut off in the middle: what is there is run, and fails.
        ("```python\ndef add(a, b):\n    return (a", "def add(a, b):\n    return (a"),
        # A fence inside a docstring does not end the block.
        ("````python\ndef add(a, b):\n    '''\n    ```\n    '''\n````\n",
         "def add(a, b):\n    '''\n    ```\n    '''\n"),
        (ADD, ADD),
        ("", ""),
        # Reasoning, in the tags of several families, of which none need be opened.
        *((f"{opening}hm{closing}\n{fenced(ADD)}", ADD) for opening, closing in (
            ("<thinking>\n", "</thinking>"), ("<reasoning>", "</reasoning>"), ("", "</think>"),
            ("<think>a</think>b<think>", "</think>"), ("[THINK]", "[/THINK]"),
            ("◁think▷", "◁/think▷"), ("<|begin_of_thought|>", "<|end_of_thought|>"),
        )),
        (f"<|channel|>analysis<|message|>{fenced('x = 1')}<|end|><|start|>assistant"
         f"<|channel|>final<|message|>{fenced(ADD)}<|return|>", ADD),
        ("<|channel|>analysis<|message|>def add(a, b): 1", ""),
        (f"analysisWe need...\n{fenced('x = 1')}assistantfinal{fenced(ADD)}", ADD),
        (f"<unused94>thought\n{fenced('x = 1')}<unused95>{fenced(ADD)}", ADD),
        # The next turns, which a model without an end writes itself.
        *((f"{fenced(ADD)}\n{turn}\nAnother.\n\n{fenced('def add(a): 1')}", ADD)
          for turn in ("@@ Instruction", "### Instruction", "### Instruction:", "Human: more")),
        (f"{fenced('def add(a): 1')}### User interface\n{fenced(ADD)}", ADD),
        # The language on the first line; code as Markdown indents it.
        (f"```\npython\n{ADD}```\n", ADD),
        (f"Sure:\n\n{indent(ADD, '    ')}\nIt adds.", ADD),
        (f"Sure:\n{ADD.replace(':', ':' + chr(10))}\nIt adds.", ADD.replace(":", ":\n")),
        # A decorator runs at once, so what it needs comes first.
        (fenced("@same\ndef add(a): 1") + fenced("def same(f): return f"),
         "def same(f): return f\n\n@same\ndef add(a): 1"),
        (fenced("def add(a, b):\n    return a.split('</think>')\n"),
         "def add(a, b):\n    return a.split('</think>')\n"),
        # Special tokens: before, behind a fence, at the end of a line, with more behind them.
        (f"<s>{ADD}</s>", ADD),
        (f"<|start_header_id|>assistant<|end_header_id|>\n\n{fenced(ADD)}<|eot_id|>", ADD),
        (f"```python\n{ADD}```<|im_end|>\n<|im_start|>user\nThanks", ADD),
        *((f"```python\n{ADD}```{token}", ADD) for token in (
            "</s>", "<eos>", "<end_of_turn>", "<|EOT|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>",
            "[/INST]", "<|return|>", " <|endoftext|>\n",
        )),
        (f"{ADD.rstrip()}<|endoftext|>\nQuestion: subtract.\n", ADD),
        # Fences: file names, attributes, in lists, deeper than Markdown has them, one in another.
        *((fenced(ADD, tag), ADD) for tag in (
            "solution.py", "python title='a.py'", "{.python .numberLines}", "python3.11",
            "lang=python", "ipython", "python {cmd=true}",
        )),
        (indent(fenced(ADD), "    "), ADD),
        ("1. So:\n\n" + indent(fenced(ADD), "   "), ADD),
        (f"````markdown\nText\n```python\n{ADD}```\n````\n", ADD),
        (f"```python\n\"\"\"Doc.\n```\nadd(1, 2)\n```\n\"\"\"\n{ADD}```\n",
         f"\"\"\"Doc.\n```\nadd(1, 2)\n```\n\"\"\"\n{ADD}"),
        (f"Answer: ```python\n{ADD}``` Done.", ADD),
        (fenced("1 2\n", "text") + fenced(ADD, "") + fenced("3", ""), ADD),
        # No fence at all: code between lines of prose.
        (f"Sure! Here it is:\n\n{ADD}\nHope it helps.", ADD),
        (f"<code>\n{ADD}</code>\nEND", ADD),
        (f"[PYTHON]\n{ADD}[/PYTHON]", ADD),
        (fenced("def add(a, b):\n    return a") + "Better:\n" + fenced(ADD, ""), ADD),
        (f"```python\n{ADD.rstrip()}```", ADD),
        (f"```python\n{ADD.rstrip()}```\nIt adds.", ADD),
        # A promise of the function is not the function, and only its body will do.
        (fenced(ADD) + "The signature:\n" + fenced("def add(a, b):\n    ..."), ADD),
        (f"```python\n{ADD}\nprint(add(int(input()), 2))\n```", ADD),
        (fenced("ls", "bash"), ""),
    ],
)  # fmt: skip
def test_the_solution_in_an_answer(answer: str, expected: str) -> None:
    assert solution_in_answer(answer, entry_point="add").code.rstrip() == expected.rstrip()


@pytest.mark.parametrize(
    "answer",
    [
        fenced("3\n", "") + fenced("print(int(input()) * 2)\n"),
        fenced("n = int(input())\nprint(n)\n") + fenced("print(int(input()) * 2)\n"),
        fenced("print(int(input()) * 2)\n") + fenced("6\n", ""),
        fenced("print(int(input()) * 2)\n") + fenced("x = 'python a.py'\n"),
        fenced("print(int(input()) * 2)\n")
        + "The first line reads:\n"
        + fenced("n = int(input())\n"),
        "It doubles.\n\nprint(int(input()) * 2)\n\nDone!",
    ],
)
def test_a_program_without_an_entry_point(answer: str) -> None:
    assert solution_in_answer(answer).code == "print(int(input()) * 2)"


def test_a_program_that_is_called_in_a_block_of_its_own() -> None:
    main = "def main():\n    print(int(input()) * 2)"
    answer = fenced(main) + "Then call it:\n" + fenced("main()")
    assert solution_in_answer(answer).code == f"{main}\n\nmain()"


def test_other_languages_are_found_by_their_tags() -> None:
    answer = fenced("ls", "bash") + fenced("fn f() {}", "rs")
    assert solution_in_answer(answer, tags=tags_of("rust")).code == "fn f() {}"
    head = "// Twice.\nint twice(int x) {\n"
    draft, final = "int twice(int x) {\n  return x;\n}", "int twice(int x)\n{ return 2 * x; }"
    answer = "".join(fenced(code, "c++") for code in (draft, final, "int y = twice(1);"))
    assert solution_in_answer(answer, tags=tags_of("cpp"), head=head).code == final


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    return a + b\n", "    return a + b"),
        ("    return a + b\n\nprint(add(1, 2))\n", "    return a + b"),
        ("    return help(a, b)\n\ndef help(a, b):\n    return a + b\n", None),
        ("    return help(a)\n\nimport os\n\n@cache\ndef help(a):\n    return a\n\nimport torch\n",
         "    return help(a)\n\nimport os\n\n@cache\ndef help(a):\n    return a"),
        ("    return a + b\nimport missing\nx = missing.y", "    return a + b"),
        ("    return a + b\n\ndef other(x):\n    return (x", "    return a + b"),
        ("    return a + b\n    and so on it goes\n", "    return a + b"),
        ("    return a + b\nNote: it adds.\n", "    return a + b"),
        ("    return a + b\n" + "Some text, it's long.\n" * 5000, "    return a + b"),
        ("    return a + b\n    '''" + "more\n" * 5000, "    return a + b"),
        ("    return a +* b\n", None),
        ("return a", None),
    ],
)  # fmt: skip
def test_a_continuation_ends_with_what_its_function_needs(text: str, expected: str | None) -> None:
    cut = with_helpers("def add(a, b):\n", text)
    assert cut.rstrip() == (text if expected is None else expected).rstrip()


def test_what_an_endless_tail_holds_does_not_matter() -> None:
    tail = "".join(f"def other{n}(x):\n    return x + {n}\n\n" for n in range(5000))
    cut = with_helpers("def add(a, b):\n", f"    return a + b\n\n{tail}def torn(x")
    assert cut == "    return a + b"


def test_a_head_outside_of_a_function() -> None:
    text = "import math\nx = 1\ndef f(a):\n    return a\nf(1)\n"
    assert with_helpers("# Write f.\n", text) == text.removesuffix("\nf(1)\n")


@pytest.mark.parametrize("body", ["    return a + b", "return a + b"])
def test_a_body_alone_goes_on_what_was_given(body: str) -> None:
    found = solution_in_answer(fenced(body), entry_point="add", head="def add(a, b):\n")
    assert found.code == "def add(a, b):\n    return a + b"


@pytest.mark.parametrize(
    ("answer", "closed"),
    [
        (fenced(ADD) + "It adds, because", True),
        (f"```python\n{ADD}", False),
        (ADD, False),
        (fenced(ADD) + f"```python\n{ADD.replace('+', '-')}", True),
    ],
)
def test_whether_an_answer_that_was_cut_off_has_it_all(answer: str, closed: bool) -> None:
    found = solution_in_answer(answer, entry_point="add", torn=True)
    assert found.closed is closed
    assert found.code.rstrip() == ADD.rstrip()


def test_future_imports_come_first() -> None:
    program = joined(["x = 1", '"""Doc."""\nfrom __future__ import annotations\ny = 2\n'])
    assert program.startswith("from __future__ import annotations\n\nx = 1")
    compile(program, "joined", "exec")
    assert joined([]) == ""


WRITTEN = st.lists(
    st.sampled_from(
        ["```", "```python", "~~~", "\n", "def f(x):", "    return g(x)", "import g", "<think>",
         "</think>", "<|im_end|>", "def g(x): 1", " ", "input()", "'''", "\0", "\ud800", "@"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(WRITTEN | st.text(), WRITTEN | st.text(max_size=20))
def test_no_answer_is_too_odd(text: str, prompt: str) -> None:
    assert isinstance(solution_in_answer(text, entry_point="f").code, str)
    assert isinstance(solution_in_answer(text, head=prompt, torn=True).code, str)
    assert isinstance(answer_text(text), str)
    assert text.startswith(with_helpers(prompt, text))
