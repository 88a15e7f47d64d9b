"""HumanEval-X in Go and Rust: what rows and answers may import, each with a right and a wrong body.

The rows are ours, in the layout of the published files: `import`, `test_setup` and a prompt that
holds its own imports in Go; `declaration` with a `main`, crates and the standard library in Rust.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from backends import open_engine

from veristone import ProgramCheck, Sample
from veristone.engine import Engine
from veristone.engine.backends.base import ToolchainMissing
from veristone.training.evaluation import evaluate, load_dataset
from veristone.training.evaluation.samples import Candidate

GO_SETUP = (
    'package main\n\nimport (\n    {}\n    "testing"\n    "github.com/stretchr/testify/assert"\n)\n'
)


class Case(NamedTuple):
    """One row, by what differs between rows."""

    name: str
    head: str
    """Imports of a Go prompt; the declaration of a Rust row."""
    prompt: str
    right: str
    wrong: str
    test: str
    test_imports: str = ""
    answer: str = ""
    """A whole program that is right as well."""
    crate: str = ""
    """Debian's crate without which it cannot be judged."""


GO = [
    Case(
        "nothing",
        "",
        "func Twice(x int) int {\n",
        "    return 2 * x\n}\n",
        "    return x\n}\n",
        "    assert.Equal(4, Twice(2))\n",
    ),
    Case(
        "md5",
        'import (\n    "crypto/md5"\n    "fmt"\n)\n',
        '// Digest("a") is a text; Digest("") is nil: import "fmt"\n'
        "func Digest(text string) interface{} {\n",
        '    if text == "" {\n        return nil\n    }\n'
        '    return fmt.Sprintf("%x", md5.Sum([]byte(text)))\n}\n',
        '    return fmt.Sprintf("%x", md5.Sum([]byte(text + "x")))\n}\n',
        '    assert.Equal("0cc175b9c0f1b6a831c399e269772661", Digest("a"))\n'
        '    assert.Equal(nil, Digest(""))\n',
    ),
    Case(
        "math/rand in the tests alone",
        'import (\n    "math"\n)\n',
        "func Evaluate(xs []float64, x float64) float64 {\n",
        "    sum := 0.0\n    for i, a := range xs {\n        sum += a * math.Pow(x, float64(i))\n"
        "    }\n    return sum\n}\n",
        "    return math.Pow(x, 2)\n}\n",
        "    for i := 0; i < 20; i++ {\n        a := float64(rand.Intn(9) + 1)\n"
        "        assert.Equal(true, math.Abs(Evaluate([]float64{a, 1}, -a)) < 1e-4)\n    }\n",
        '"math"\n    "math/rand"',
    ),
    Case(
        "what the harness adds: strings, strconv, sort, bytes, time",
        "",
        "func Pack(words []string) string {\n",
        "    sort.Strings(words)\n    var b bytes.Buffer\n    b.WriteString(strings.Join(words, "
        '"-"))\n    b.WriteString(strconv.Itoa(int(time.Second / time.Millisecond)))\n'
        "    return b.String()\n}\n",
        '    return strings.Join(words, "-") + strconv.Itoa(1)\n}\n',
        '    assert.Equal("a-b1000", Pack([]string{"b", "a"}))\n',
    ),
    Case(
        "regexp, with a text that looks like a package",
        'import "regexp"\n',
        "func Bored(text string) int {\n",
        '    _ = "sort.Ints and math.Pi"\n'
        "    return len(regexp.MustCompile(`[.?!]\\s*`).Split(text, -1)) - 1\n}\n",
        "    return len(regexp.MustCompile(`\\s`).Split(text, -1))\n}\n",
        '    assert.Equal(2, Bored("I sit. I stand! "))\n',
    ),
    Case(
        "a name for an import",
        'import (\n    str "strings"\n)\n',
        "func Shout(text string) string {\n",
        "    return str.ToUpper(text)\n}\n",
        "    return str.ToLower(text)\n}\n",
        '    assert.Equal("AB", Shout("ab"))\n',
    ),
    Case(
        "a prompt whose import its solution does not use",
        'import (\n    "math"\n    "strings"\n)\n',
        "func Count(text string) int {\n",
        '    return strings.Count(text, "a")\n}\n',
        "    return len(text) + 1\n}\n",
        '    assert.Equal(2, Count("aba"))\n',
    ),
    Case(
        "helpers behind the solution, and a test with a function of its own",
        "",
        "func Primes(n int) []int {\n",
        "    found := make([]int, 0)\n    for i := 2; i < n; i++ {\n        if prime(i) {\n"
        "            found = append(found, i)\n        }\n    }\n    return found\n}\n\n"
        "func prime(n int) bool {\n    for d := 2; d*d <= n; d++ {\n        if n%d == 0 {\n"
        "            return false\n        }\n    }\n    return true\n}\n",
        "    return []int{n}\n}\n",
        "    check := func(want []int, n int) {\n        assert.Equal(want, Primes(n))\n    }\n"
        "    check([]int{2, 3, 5, 7}, 10)\n    check([]int{}, 2)\n",
    ),
    Case(
        "a whole answer with what nobody else imports",
        "",
        "func Words(text string) []string {\n",
        "    return strings.Fields(text)\n}\n",
        "    return nil\n}\n",
        '    assert.Equal([]string{"a", "b"}, Words("a,b"[:1] + " b"))\n',
        answer='package main\n\nimport (\n    "fmt"\n    "unicode"\n    "strings"\n)\n\n'
        "func Words(text string) []string {\n"
        "    return strings.FieldsFunc(text, unicode.IsSpace)\n}\n\n"
        'func main() {\n    fmt.Println(Words("a b"))\n}\n',
    ),
    Case(
        "a heap, and pointers to compare",
        'import (\n    "container/heap"\n)\n',
        "type ints []int\n\nfunc (h ints) Len() int { return len(h) }\n"
        "func (h ints) Less(i, j int) bool { return h[i] < h[j] }\n"
        "func (h ints) Swap(i, j int) { h[i], h[j] = h[j], h[i] }\n"
        "func (h *ints) Push(x interface{}) { *h = append(*h, x.(int)) }\n"
        "func (h *ints) Pop() interface{} {\n    old := *h\n    x := old[len(old)-1]\n"
        "    *h = old[:len(old)-1]\n    return x\n}\n\nfunc Smallest(a []int) int {\n",
        "    h := ints(a)\n    heap.Init(&h)\n    return heap.Pop(&h).(int)\n}\n",
        "    h := ints(a)\n    heap.Init(&h)\n    return h[len(h)-1] + 1\n}\n",
        "    assert.Equal(1, Smallest([]int{3, 1, 2}))\n",
    ),
]

RUST_DECLARED = (
    "\nfn main(){\n}\n\nuse std::{slice::Iter, cmp::{max, self}, mem::replace, "
    "collections::{HashSet, HashMap}, ops::Index, ascii::AsciiExt};\n"
    "use rand::Rng;\nuse regex::Regex;\nuse md5;\n"
)
RUST = [
    Case(
        "all that a declaration has",
        RUST_DECLARED,
        "fn twice(x: i32) -> i32 {\n",
        "    x + max(x, x)\n}\n",
        "    x\n}\n",
        "        assert_eq!(twice(2), 4);\n",
    ),
    Case(
        "md5",
        RUST_DECLARED,
        "\n/*\n    Digest of a text.\n*/\nfn digest(text: String) -> String {\n",
        '    if text.is_empty() {\n        return "None".to_string();\n    }\n'
        '    let digest = md5::compute(text);\n    return format!("{:x}", digest);\n}\n',
        '    return format!("{:x}", md5::compute(text + "x"));\n}\n',
        '        assert!(digest("".to_string()) == "None");\n'
        '        assert!(digest("a".to_string()) == "0cc175b9c0f1b6a831c399e269772661");\n',
        crate="md5",
    ),
    Case(
        "regex",
        RUST_DECLARED,
        "fn bored(text: &str) -> i32 {\n",
        '    let ends: Regex = Regex::new(r"[.?!]\\s*").unwrap();\n'
        "    ends.split(text).filter(|part| !part.is_empty()).count() as i32\n}\n",
        '    Regex::new(r"\\s").unwrap().split(text).count() as i32\n}\n',
        '        assert!(bored("I sit. I stand! ") == 2);\n',
        crate="regex",
    ),
    Case(
        "random numbers in the tests, of an older crate",
        RUST_DECLARED,
        "pub fn decode(s: &str) -> String {\n",
        "    s.chars().rev().collect()\n}\n",
        '    s.to_string() + "x"\n}\n',
        "        let mut rng = rand::thread_rng();\n        for _ in 0..20 {\n"
        "            let l: i32 = rng.gen_range(10, 20);\n"
        '            let mut str: String = "".to_string();\n            for _ in 0..l {\n'
        "                str.push(rand::thread_rng().gen_range(97, 97 + 20) as u8 as char);\n"
        "            }\n            let at = rng.gen_range(0, str.len());\n"
        "            assert!(at < str.len());\n            let back = decode(&str);\n"
        "            assert_eq!(decode(&back), str);\n        }\n",
        crate="rand",
    ),
    Case(
        "random numbers of a newer crate",
        RUST_DECLARED,
        "fn absolute(x: i64) -> i64 {\n",
        "    x.abs()\n}\n",
        "    x\n}\n",
        "        for _ in 0..50 {\n            let x: i64 = rand::thread_rng().gen_range(-99..0);\n"
        "            assert_eq!(absolute(x), -x);\n        }\n",
        crate="rand",
    ),
    Case(
        "a declaration that its prompt repeats",
        "use std::collections::HashMap;\n",
        "use std::collections::HashMap;\n\nfn counted(text: &str) -> HashMap<char, i32> {\n",
        "    let mut found: HashMap<char, i32> = HashMap::new();\n"
        "    for c in text.chars() {\n        *found.entry(c).or_insert(0) += 1;\n    }\n"
        "    found\n}\n",
        "    HashMap::new()\n}\n",
        "        assert_eq!(counted(\"aba\"), HashMap::from([('a', 2), ('b', 1)]));\n",
    ),
    Case(
        "a whole answer that declares for itself",
        RUST_DECLARED,
        "fn unique(a: Vec<i32>) -> Vec<i32> {\n",
        "    let held: HashSet<i32> = a.into_iter().collect();\n"
        "    let mut b: Vec<i32> = held.into_iter().collect();\n    b.sort();\n    b\n}\n",
        "    a\n}\n",
        "        assert_eq!(unique(vec![5, 3, 5]), vec![3, 5]);\n",
        answer="use std::collections::BTreeSet;\n\nfn unique(a: Vec<i32>) -> Vec<i32> {\n"
        "    a.into_iter().collect::<BTreeSet<_>>().into_iter().collect()\n}\n",
    ),
    Case(
        "warnings and old idioms",
        RUST_DECLARED,
        "fn find_zero(xs: &Vec<f64>) -> f64 {\n",
        "    let mut begin = -1.0; let mut unused = 3;\n"
        "    while poly(xs, begin) * poly(xs, -begin) > 0.0 { begin = begin * 2.0; }\n"
        "    let (mut lo, mut hi) = (begin, -begin);\n    while hi - lo > 1e-10 {\n"
        "        let mid = (lo + hi) / 2.0;\n"
        "        if poly(xs, mid) * poly(xs, lo) > 0.0 { lo = mid } else { hi = mid };\n    }\n"
        "    return lo;\n}\n\nfn poly(xs: &Vec<f64>, x: f64) -> f64 {\n"
        "    xs.iter().enumerate().map(|(i, a)| a * f64::powi(x, i as i32)).sum()\n}\n",
        "    0.5\n}\n\nfn poly(xs: &Vec<f64>, x: f64) -> f64 {\n    xs[0] + xs[1] * x\n}\n",
        "        let mut rng = rand::thread_rng();\n        for _ in 0..20 {\n"
        "            let a = rng.gen_range(1, 9) as f64;\n"
        "            assert!(poly(&vec![a, 2.0], find_zero(&vec![a, 2.0])).abs() < 1e-4);\n"
        "        }\n",
        crate="rand",
    ),
]


def go_row(case: Case) -> dict[str, str]:
    return {
        "task_id": "Go/0",
        "import": case.head,
        "prompt": f"{case.head}\n{case.prompt}",
        "canonical_solution": case.right,
        "test_setup": GO_SETUP.format(case.test_imports),
        "test": f"func TestIt(t *testing.T) {{\n    assert := assert.New(t)\n{case.test}}}\n",
    }


def rust_row(case: Case) -> dict[str, str]:
    return {
        "task_id": "Rust/0",
        "prompt": f"\n{case.prompt}",
        "declaration": case.head,
        "canonical_solution": case.right,
        "test": "\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n"
        f"    fn test_it() {{\n{case.test}    }}\n}}\n",
    }


async def crates_that_lack(engine: Engine) -> set[str]:
    """Return which of Debian's crates are not on this host."""
    found: set[str] = set()
    for crate in ("rand", "regex", "md5"):
        probe = Sample(code=f"use {crate};\nfn main() {{}}", language="rust", check=ProgramCheck())
        if (await engine.verify(probe)).decision != "pass":
            found.add(crate)
    return found


@pytest.mark.bubblewrap
@pytest.mark.parametrize("cases", [GO, RUST], ids=["go", "rust"])
async def test_right_bodies_pass_and_wrong_ones_do_not(cases: list[Case], tmp_path: Path) -> None:
    make = go_row if cases is GO else rust_row
    language = "go" if cases is GO else "rust"
    rows = [make(case) | {"task_id": f"{language.title()}/{n}"} for n, case in enumerate(cases)]
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset = load_dataset(path, "humaneval-x")
    candidates: list[Candidate] = []
    wanted: list[str] = []
    for (task_id, task), case in zip(dataset.tasks.items(), cases, strict=True):
        texts = [task.reference, task.prompt + case.wrong, task.prompt]
        texts += [case.answer] if case.answer else []
        candidates += [Candidate(task_id=task_id, solution=text) for text in texts]
        wanted += ["pass", "fail", "fail", *(["pass"] if case.answer else [])]
    async with open_engine("bubblewrap", sandboxes=2) as engine:
        try:
            await engine.isolation(language)
        except ToolchainMissing as error:
            pytest.skip(str(error))
        lacking = await crates_that_lack(engine) if language == "rust" else set[str]()
        report = await evaluate(engine, dataset, candidates)
    wrong = [
        f"{cases[int(each.task_id.partition('/')[2])].name}: {found.base_status}, {found.message}"
        for found, each, want in zip(report.outcomes, candidates, wanted, strict=True)
        if found.base_status != want
        and cases[int(each.task_id.partition("/")[2])].crate not in lacking
    ]
    assert not wrong, "\n".join(wrong)
