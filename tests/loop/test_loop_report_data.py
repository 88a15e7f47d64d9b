"""What data are about: by keywords, by a server's embeddings, and by a model in this process."""

import itertools
import json
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from report_runs import Size, make_run

from veristone import ConfigError, ModelUnavailable
from veristone.generators.pages.page import render_page
from veristone.loop.report.categories import OTHER, by_embedding, by_words
from veristone.loop.report.data import evenly
from veristone.loop.report.embedding import embed
from veristone.loop.report.facts import Facts
from veristone.loop.report.gather import gather
from veristone.loop.report.sections import report

WORDS = ("sort", "matrix", "SQL", "HTTP", "encrypt", "thread", "button")


def vector(text: str) -> list[float]:
    """A model of embeddings that knows a few words."""
    return [0.01, *(float(text.lower().count(word.lower())) for word in WORDS)]


@contextmanager
def server(broken: bool = False) -> Generator[str]:
    """A server of embeddings; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self.answer({"data": [{"id": "tiny-embedder", "object": "model"}]})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert asked["model"] == "tiny-embedder"
            rows = [{"index": n, "embedding": vector(t)} for n, t in enumerate(asked["input"])]
            # In whatever order: the index says which is which.
            self.answer({"object": "list", "data": [] if broken else rows[::-1]})

        def answer(self, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/v1"
        httpd.shutdown()


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Write a function that sorts a linked list with a recursive algorithm.", "algorithms and"),
        ("Return the prime factors of n.", "mathematics"),
        ("Train a classifier on the dataset and report its accuracy.", "data science"),
        ("Write an SQL query that joins both tables.", "databases"),
        ("Serve JSON from a REST API endpoint over HTTP.", "web"),
        ("Draw a window with a button and a menu.", "user interfaces"),
        ("Encrypt a message with the password and a salt.", "security"),
        ("Share a cache between threads without a lock.", "performance"),
        ("Say hello.", OTHER),
    ],
)
def test_keywords_sort_what_is_plain(text: str, category: str) -> None:
    assert by_words(text).startswith(category)


TEXTS = ["Join two tables in SQL.", "Sort a list.", "Encrypt this."] * 50


def test_the_nearest_description_decides_by_a_servers_embeddings() -> None:
    with server() as url:
        found = by_embedding(TEXTS, url)
        assert found[:3] == [
            "databases",
            "algorithms and data structures",
            "security and cryptography",
        ]
        assert found[3:6] == found[:3], "texts beyond the first request as well"
        assert by_embedding(TEXTS[:1], f"{url}#tiny-embedder") == ["databases"]


def test_embeddings_come_from_sentence_transformers_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError, match="pip install sentence-transformers"):
        embed(["x"], "sentence-transformers:all-MiniLM-L6-v2")

    class Fake:
        def __init__(self, name: str) -> None:
            assert name == "all-MiniLM-L6-v2"

        def encode(self, texts: Sequence[str]) -> list[list[float]]:
            return [vector(text) for text in texts]

    package = ModuleType("sentence_transformers")
    monkeypatch.setattr(package, "SentenceTransformer", Fake, raising=False)
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    assert by_embedding(TEXTS[:2], "sentence-transformers:all-MiniLM-L6-v2") == [
        "databases",
        "algorithms and data structures",
    ]


def test_what_gives_no_embeddings_says_so() -> None:
    with pytest.raises(ModelUnavailable, match="no embeddings"):
        embed(["x"], "http://127.0.0.1:9/v1#m")
    with server(broken=True) as url, pytest.raises(ModelUnavailable):
        embed(["x"], url)
    with pytest.raises(ConfigError, match="embeddings come from"):
        embed(["x"], "vllm:some/model")


def of_embeddings(tmp_path: Path, model: str) -> Facts:
    folder = tmp_path / "run"
    make_run(folder, Size(instructions=6, responses=2, rounds=1, tasks=4, steps=3))
    recipe = json.loads((folder / "align.json").read_text())
    recipe["report"]["embeddings"] = model
    (folder / "align.json").write_text(json.dumps(recipe))
    return gather(folder)


def test_the_page_says_what_sorted_the_rows(tmp_path: Path, whole: Facts) -> None:
    with server() as url:
        facts = of_embeddings(tmp_path, f"{url}#tiny-embedder")
    assert facts.data is not None
    assert facts.trouble == []
    html = render_page(report(facts))
    assert "by embeddings of" in html
    assert "tiny-embedder" in html
    assert "by keywords" not in html
    assert "by keywords, which sorts roughly" in render_page(report(whole))


def test_without_an_answer_keywords_sort_and_the_page_says_so(tmp_path: Path) -> None:
    facts = of_embeddings(tmp_path, "http://127.0.0.1:9/v1#m")
    assert facts.data is not None
    assert facts.data.sorted_by == "keywords"
    assert any("categories are by keywords" in one for one in facts.trouble)


@pytest.mark.parametrize("number", [0, 1, 7, 10, 11, 999])
def test_an_even_sample_is_from_all_over(number: int) -> None:
    found = evenly(range(number), 10)
    assert len(found) == min(number, len(found))
    assert len(found) <= 10
    assert number <= 10 or len(found) >= 5
    steps = {b - a for a, b in itertools.pairwise(found)}
    assert len(steps) <= 1
    assert not found or found[-1] > number - 1 - max(steps, default=1) - 1
