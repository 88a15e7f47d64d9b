"""A server that speaks as much of OpenAI's completions as the judge needs, and counts."""

import json
import math
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was interrupted is gone: that is no news for the terminal, which is that
        of the command under test."""


class JudgeServer:
    """Serves one model on a loopback address; `yes` gives the probability for a prompt."""

    def __init__(self, yes: Callable[[str], float], *, port: int = 0) -> None:
        self.yes = yes
        self.prompts: list[str] = []
        self.logprobs = True
        self.fails_after: int | None = None
        """Requests after which every other is answered with 503."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.reply(200, {"data": [{"id": "tiny/judge", "owned_by": "tests"}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.reply(*server.answer(body))

            def reply(self, status: int, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing goes to the terminal."""

        self._server = _Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.fails_after is not None and len(self.prompts) >= self.fails_after:
            return 503, {"error": {"message": "gone to lunch"}}
        self.prompts.append(body["prompt"])
        yes = self.yes(body["prompt"])
        if not self.logprobs:
            return 200, {"choices": [{"index": 0, "text": " Yes"}]}
        tops = {" Yes": yes, " No": 1 - yes}
        top = {token: math.log(value) for token, value in tops.items() if value > 0}
        choice = {
            "index": 0,
            "text": max(top, key=top.__getitem__),
            "finish_reason": "length",
            "logprobs": {"tokens": list(top)[:1], "top_logprobs": [top]},
        }
        return 200, {"choices": [choice]}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
