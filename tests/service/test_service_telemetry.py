"""What a service tells whoever runs it: lines of a log, spans of OpenTelemetry."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from serving import served, serving

from veristone.service.telemetry import JsonLines

pytest.importorskip("opentelemetry", reason="opentelemetry is not installed: make env")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

TOKEN = "a-token-of-sixteen-or-more"


class Collector(BaseHTTPRequestHandler):
    """Keeps what is sent to it."""

    kept: list[bytes]

    def do_POST(self) -> None:
        self.kept.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Generator[tuple[str, list[bytes]]]:
    kept: list[bytes] = []
    handler = type("Kept", (Collector,), {"kept": kept})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", kept
        server.shutdown()
        thread.join()


async def test_spans_of_a_request_and_its_verdict(collector: tuple[str, list[bytes]]) -> None:
    endpoint, kept = collector
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    async with serving(otel=endpoint) as client:
        headers = {"traceparent": f"00-{trace}-{parent}-01"}
        await client.post("/v1/verify", json={"code": "secret"}, headers=headers)
    request = ExportTraceServiceRequest()
    request.ParseFromString(b"".join(kept))
    (resource,) = request.resource_spans
    about = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert about["service.name"] == "veristone"
    spans = {span.name: span for scope in resource.scope_spans for span in scope.spans}
    asked, verdict = spans["POST /v1/verify"], spans["verify"]
    assert (asked.trace_id.hex(), asked.parent_span_id.hex()) == (trace, parent)
    assert (verdict.trace_id, verdict.parent_span_id) == (asked.trace_id, asked.span_id)
    said = {each.key: each.value for each in (*asked.attributes, *verdict.attributes)}
    assert said["http.response.status_code"].int_value == 200
    assert said["veristone.decision"].string_value == "pass"
    assert verdict.start_time_unix_nano >= asked.start_time_unix_nano - 10**6
    assert b"secret" not in b"".join(kept)


def test_nothing_of_opentelemetry_is_imported_unless_it_is_wanted() -> None:
    program = "import sys, veristone.service; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.bubblewrap
def test_every_request_is_a_line_of_json(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = tmp_path_factory.mktemp("service") / "service.toml"
    settings.write_text(f'log = "json"\n[tenants.lab]\ntoken = "{TOKEN}"\n')
    with served("--service", str(settings)) as (url, process):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        httpx.post(f"{url}/v1/verify", json={"code": "print(1)"}, headers=headers)
        httpx.post(f"{url}/v1/verify", json={"code": "print(1)"})
        process.terminate()
        assert process.stderr is not None
        lines = [json.loads(line) for line in process.stderr if line.startswith("{")]
    asked = [line for line in lines if line["logger"] == "veristone.service.requests"]
    found = [(line["path"], line["status"], line["tenant"]) for line in asked]
    assert found == [("/v1/verify", 200, "lab"), ("/v1/verify", 401, "")]
    assert all(0 <= line["seconds"] < 60 and line["level"] == "info" for line in asked)


def test_an_error_is_one_line_with_its_traceback() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "", 1, "it %s", ("broke",), sys.exc_info())
    text = JsonLines().format(record)
    line = json.loads(text)
    assert "\n" not in text
    assert (line["level"], line["message"]) == ("error", "it broke")
    assert "ValueError: two\nlines" in line["exception"]
