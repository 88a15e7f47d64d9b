"""Answers that show themselves off, made one program with a benchmark's tests."""

from veristone.files import Row
from veristone.training.evaluation.benchmarks.go_files import go_file
from veristone.training.evaluation.benchmarks.multipl_e import read_task

GO_PROMPT = (
    'package add_test\n\nimport (\n    "testing"\n    "fmt"\n)\n\nfunc add(a, b int) int {\n'
)
GO_TESTS = "func TestAdd(t *testing.T) {\n  fmt.Sprint(add(1, 2))\n}\n"
GO_ANSWER = """package main

import (
    "os"
    str "strings"
    "math"
    "unicode"
)

func add(a, b int) int {
    return a + int(math.Abs(float64(b)))
}

func TestAdd(t *testing.T) {
    os.Exit(add(1, 2))
}

func main() {
    if true { str.Repeat("}", 2) }
}

func helper() {}
"""


def test_go_loses_what_is_declared_twice_and_the_imports_of_that_alone() -> None:
    text = go_file(GO_ANSWER, GO_PROMPT, GO_TESTS)
    assert text.startswith("package add_test\n")
    assert text.count("func TestAdd") == 1
    assert "func main" not in text
    assert "func helper" in text
    imports = {line for line in text.splitlines() if line.startswith("import ")}
    # "unicode" is used nowhere: that is the answer's own fault, and stays one.
    assert imports == {f'import "{name}"' for name in ("testing", "fmt", "math", "unicode")}


def test_go_keeps_a_function_that_does_not_end() -> None:
    text = go_file("package x\n\nfunc main() {\n", GO_PROMPT, GO_TESTS)
    assert "func main() {" in text


def program(language: str, prompt: str, tests: str, answer: str) -> str:
    fields = {"name": "t", "language": language, "prompt": prompt, "tests": tests}
    task = read_task(Row(fields, "here"))
    return task.build(answer).code


def test_d_and_csharp_keep_the_main_of_the_tests() -> None:
    tests = "unittest\n{\n    assert(f(1) == 1);\n}\nvoid main(){}\n"
    answer = "long f(long a)\n{\n    return a;\n}\n\nvoid main()\n{\n    writeln(f(1));\n}\n"
    text = program("d", "long f(long a)\n", tests, answer)
    assert text.count("void main()") == 1
    assert "writeln" not in text

    prompt = (
        "using System;\nusing System.Diagnostics;\nclass Problem {\n    static long F(long a) {\n"
    )
    tests = (
        "    }\n    public static void Main(string[] args) {\n"
        "    Debug.Assert(F(1) == 1);\n    }\n}\n"
    )
    answer = (
        "using System;\nclass Problem {\n    static long F(long a) {\n        return G(a);\n    }\n"
        "    static long G(long a) {\n        return a;\n    }\n    // shows it\n"
        "    public static void Main() {\n        Console.WriteLine(F(1));\n    }\n}\n"
    )
    text = program("cs", prompt, tests, answer)
    assert text.count("using System.Diagnostics;") == 1
    assert text.count(" Main(") == 1
    assert "WriteLine(F(1))" not in text
    assert "static long G" in text
    assert text.count("{") == text.count("}")


def test_cpp_keeps_the_main_of_the_tests_and_the_headers_of_the_prompt() -> None:
    prompt = "#include<assert.h>\n#include<bits/stdc++.h>\n// Say.\nstd::vector<long> f(long n) {\n"
    tests = "}\nint main() {\n    assert(f(1) == (std::vector<long>({1})));\n}\n"
    answer = (
        "std::vector<long> f(long n) {\n    return {n};\n}\n\n"
        # It looks like a function that the answer needs.
        "int main() {\n    assert(f(1) == std::vector<long>({1}));\n    std::cout << 1;\n}\n"
    )
    text = program("cpp", prompt, tests, answer)
    assert text.count(" main(") == 1
    assert "cout" not in text
    assert text.startswith("#include<assert.h>\n#include<bits/stdc++.h>\n")
    whole = program("cpp", prompt, tests, prompt + "    return {n};\n}\n")
    assert whole.count("#include<assert.h>") == 1
