"""A model server that writes what each kind of prompt of our recipes asks for.

A program of its own, started as vLLM would be: `python fake_teacher.py --port N --model NAME`. It
speaks as much of OpenAI's API as the loop uses. Two of ten responses are wrong, so that there is
something to filter. `--say` lets it misbehave: `die` ends at once, `never` does not listen, `other`
lists another model, `leave` ends after its first answer. `--worker` has a process of its own beside
it, that nobody ends.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Problem(NamedTuple):
    """A task that the teacher knows: how it is told, and how it is solved."""

    name: str
    text: str
    code: str
    wrong: str
    tests: str


def _problem(name: str, text: str, right: str, wrong: str, tests: str) -> Problem:
    head = f"def {name}(values):\n    "
    return Problem(name, text, head + right, head + wrong, tests)


PROBLEMS = (
    _problem(
        "total_of_even",
        "Write a function `total_of_even(values)` that adds up the even numbers of a list.",
        "return sum(v for v in values if v % 2 == 0)",
        "return sum(values)",
        "assert total_of_even([1, 2, 3, 4]) == 6\nassert total_of_even([]) == 0",
    ),
    _problem(
        "longest_word",
        "Given some words, `longest_word(values)` is to return the one with most letters; of several"
        " the first, and an empty text for no words at all.",
        'return max(values, key=len, default="")',
        "return values[0]",
        'assert longest_word(["a", "abc", "xyz"]) == "abc"\nassert longest_word([]) == ""',
    ),
    _problem(
        "without_repeats",
        "Remove repetitions: implement `without_repeats(values)`, which keeps each element where it"
        " is met first and leaves later copies out.",
        "return list(dict.fromkeys(values))",
        "return sorted(set(values), reverse=True)",
        "assert without_repeats([3, 1, 3, 2, 1]) == [3, 1, 2]\nassert without_repeats([]) == []",
    ),
    _problem(
        "running_maximum",
        "A sensor reports temperatures. `running_maximum(values)` lists the highest temperature"
        " seen up to each report.",
        "out = []\n    for v in values:\n        out.append(max(v, out[-1]) if out else v)\n    return out",
        "return values",
        "assert running_maximum([1, 3, 2]) == [1, 3, 3]\nassert running_maximum([]) == []",
    ),
    _problem(
        "vowel_count",
        "How many vowels (aeiou, small or capital) has a text? Answer with `vowel_count(values)`.",
        'return sum(c in "aeiouAEIOU" for c in values)',
        "return len(values)",
        'assert vowel_count("Idea") == 3\nassert vowel_count("") == 0',
    ),
    _problem(
        "pairs_of",
        "The neighbours of a sequence as tuples: `pairs_of(values)` returns the first with the"
        " second, the second with the third, and so on.",
        "return list(zip(values, values[1:]))",
        "return [(v, v) for v in values]",
        "assert pairs_of([1, 2, 3]) == [(1, 2), (2, 3)]\nassert pairs_of([1]) == []",
    ),
    _problem(
        "is_rising",
        "Decide with `is_rising(values)` whether every number is larger than the one before it.",
        "return all(a < b for a, b in zip(values, values[1:]))",
        "return True",
        "assert is_rising([1, 2, 5])\nassert not is_rising([1, 1])",
    ),
    _problem(
        "digit_sum",
        "`digit_sum(values)` takes a non-negative integer and returns the sum of its decimal digits.",
        "return sum(int(d) for d in str(values))",
        "return values % 9",
        "assert digit_sum(909) == 18\nassert digit_sum(0) == 0",
    ),
    _problem(
        "grouped",
        "Collect words by their first letter: `grouped(values)` gives a dictionary from letter to"
        " the list of words in their order.",
        "out = {}\n    for v in values:\n        out.setdefault(v[0], []).append(v)\n    return out",
        "return {v[0]: [v] for v in values}",
        'assert grouped(["ab", "b", "ac"]) == {"a": ["ab", "ac"], "b": ["b"]}\nassert grouped([]) == {}',
    ),
    _problem(
        "middle_of",
        "Return the median of a list of odd length by the function `middle_of(values)`.",
        "return sorted(values)[len(values) // 2]",
        "return values[len(values) // 2]",
        "assert middle_of([9, 1, 5]) == 5\nassert middle_of([4]) == 4",
    ),
    _problem(
        "mirrored",
        "A text is followed by its reverse in what `mirrored(values)` returns: `ab` gives `abba`.",
        "return values + values[::-1]",
        "return values[::-1]",
        'assert mirrored("ab") == "abba"\nassert mirrored("") == ""',
    ),
    _problem(
        "above_mean",
        "Which numbers lie above the arithmetic mean of them all? `above_mean(values)` keeps their"
        " order.",
        "mean = sum(values) / len(values) if values else 0\n    return [v for v in values if v > mean]",
        "return values[1:]",
        "assert above_mean([1, 2, 9]) == [9]\nassert above_mean([]) == []",
    ),
)
_C = ("int f() { return 1; }", "assert(f() == 1);")
ELSEWHERE = {
    "rust": ("fn f() -> i32 { 1 }", "fn main() { assert_eq!(f(), 1); }"),
    "typescript": ("function f(): number { return 1; }", "console.assert(f() === 1);"),
    **dict.fromkeys(("cpp", "csharp", "java", "php", "shell", "swift"), _C),
}
"""Code and tests in other languages, which nobody runs."""


class Teacher:
    """Answers prompts; a new key gets the next problem, a known one the same again."""

    def __init__(self) -> None:
        self._orders: dict[str, dict[str, int]] = {}

    def write(self, prompt: str, number: int) -> str:
        """Return what a base model continues a prompt with."""
        last = prompt.rpartition("## Example")[2]
        if prompt.endswith("### Concepts\n"):
            return f"{_words(self._problem(last))}, list handling, early exits"
        if prompt.endswith("### Instruction\n"):
            named = [one for one in PROBLEMS if f"concepts: {_words(one)}," in last]
            return (named or [self._problem(last)])[0].text
        found = _mentioned(prompt)
        if prompt.rstrip().endswith("[Reasoning]"):
            code, tests = _solution(found, number), found.tests
            return (
                f"One pass is enough, try {number}.\n\n[Implementation]\n```python\n{code}\n```\n\n"
                f"[Explanation]\nIt follows the task.\n\n[Tests]\n```python\n{tests}\n```\n"
            )
        if prompt.rstrip().endswith("<response>"):
            return (
                f"```python\n{_solution(found, number)}\n```\n\nIn one pass, try {number}.\n"
                f"</response>\n\n<tests>\n```python\n{found.tests}\n```\n"
            )
        if prompt.rstrip().endswith("Response"):
            return f"```python\n{_solution(found, number)}\n```\n"
        return "    return a + b\n"

    def chat(self, prompt: str, number: int) -> str:
        """Return what a chat model answers."""
        if "Make up a programming problem" in prompt:
            language = re.findall(r"complete solution in ([\w+# ]+?),", prompt)[0]
            return self._made_up(language, prompt.rpartition("The lines:")[2])
        if "Below stands a programming task" in prompt:
            task = prompt.rpartition("The task:\n\n")[2].strip()
            way = "constant memory" if "smaller use of memory" in prompt else "no imports"
            return f"{task} Solve it with {way}, and leave what you are given unchanged."
        found = _mentioned(prompt)
        told = re.findall(r"(?m)^In (\w+): ", prompt)
        mark = told[-1] if told else "python"
        code, tests = _written(mark, found, number)
        return f"In one pass.\n\n```{mark}\n{code}\n```\n\nTests:\n\n```{mark}\n{tests}\n```"

    def _problem(self, key: str, kind: str = "") -> Problem:
        order = self._orders.setdefault(kind, {})
        place = order.setdefault(key, len(order))
        return PROBLEMS[place % len(PROBLEMS)]

    def _made_up(self, language: str, lines: str) -> str:
        found = self._problem(lines, language.lower())
        mark = {"c#": "csharp", "c++": "cpp"}.get(language.lower(), language.lower())
        text = found.text if mark == "python" else f"In {mark}: {found.text}"
        code, tests = _written(mark, found, 0)
        return (
            f"[Problem Description]\n{text}\n\n[Solution]\n```{mark}\n{code}\n```\nIt is short.\n\n"
            f"[Tests]\n```{mark}\n{tests}\n```"
        )


def _written(mark: str, found: Problem, number: int) -> tuple[str, str]:
    """Code and tests for a problem in a language."""
    if mark == "python":
        return _solution(found, number), found.tests
    code, tests = ELSEWHERE[mark]
    note = "#" if mark == "shell" else "//"
    return f"{note} {found.name}, {number}\n{code}", tests


def _words(found: Problem) -> str:
    return found.name.replace("_", " ")


def _mentioned(prompt: str) -> Problem:
    """The problem that a prompt names last."""
    return max(PROBLEMS, key=lambda one: prompt.rfind(f"{one.name}(values)"))


def _solution(found: Problem, number: int) -> str:
    return found.wrong if number % 5 == 2 else f"{found.code}  # {number}"


def choice(teacher: Teacher, body: dict[str, Any], number: int) -> dict[str, Any]:
    """One of a response's choices."""
    about = {"index": number, "finish_reason": "stop"}
    if "messages" in body:
        text = teacher.chat(body["messages"][-1]["content"], number)
        return about | {"message": {"role": "assistant", "content": text}}
    if body.get("logprobs"):
        tops = {" Yes": -0.1, " No": -2.5}
        return about | {"text": " Yes", "logprobs": {"tokens": [" Yes"], "top_logprobs": [tops]}}
    return about | {"text": teacher.write(body["prompt"], number)}


def serve(port: int, model: str, say: str) -> ThreadingHTTPServer:
    """Return a server that listens; `serve_forever` is the caller's."""
    teacher = Teacher()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.reply({"data": [{"id": "other" if say == "other" else model, "owned_by": "test"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            choices = [choice(teacher, body, number) for number in range(body.get("n", 1))]
            self.reply({"choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": 9}})
            if say == "leave":
                print("out of memory, says the fake", flush=True)
                os._exit(7)

        def reply(self, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing goes to the log."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def serve_in_thread(model: str) -> ThreadingHTTPServer:
    """Return a server at work in a thread, as one that somebody else started."""
    server = serve(0, model, "")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--tensor", default="1")
    parser.add_argument("--data", default="1")
    parser.add_argument("--say", default="")
    parser.add_argument("--worker", action="store_true")
    given, _ = parser.parse_known_args()
    if given.worker:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", __file__])
    print(f"serving {given.model} with {given.tensor} x {given.data}", flush=True)
    if given.say == "die":
        raise SystemExit("no such weights, says the fake")
    if given.say == "never":
        time.sleep(600)
    serve(given.port, given.model, given.say).serve_forever()
