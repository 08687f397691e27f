"""What an operator watches: probes, metrics, logs, traces; and that none of it tells what it must not."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from gateway.detection.models import ModelStore
from tests.journeys.conftest import House
from tests.support.gateway import (
    Installation,
    all_on_the_tree,
    content_of,
    create_dataset,
    give_grant,
    released_copy,
    running,
    send,
    settled,
    upload,
)
from tests.support.pictures import plate_png
from tests.support.processes import wait_until

MARK = "zzmarkzz"
"""Stands in every place that a sender can fill."""


# --- probes


def test_a_server_that_can_serve_says_so(house: House) -> None:
    nobody = house.installation.client()
    assert nobody.get("/healthz").json() == {"status": "ok"}
    response = nobody.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


def test_readiness_names_the_part_that_fails(house: House) -> None:
    nobody, data = house.installation.client(), house.installation.data
    key, blobs = data / "keys" / "copies.json", data / "blobs" / "originals"
    workers = "SELECT count(*) AS n FROM worker"  # one that starts would make the folder anew
    wait_until(lambda: house.installation.rows(workers)[0].n, "the worker's start")
    key.chmod(0o644)
    blobs.rename(data / "blobs" / "elsewhere")
    try:
        response = wait_until(lambda: failing(nobody), "the server to notice")
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["type"] == "urn:privgate:problem:not-ready"
        assert {part["part"] for part in problem["failing"]} == {"keys.copies", "blobs.originals"}
        assert str(data) not in response.text
        assert nobody.get("/healthz").is_success  # the process lives, and need not be started again
    finally:
        key.chmod(0o600)
        (data / "blobs" / "elsewhere").rename(blobs)
    wait_until(lambda: nobody.get("/readyz").is_success, "the server to be ready again")


def failing(client: httpx.Client) -> httpx.Response | None:
    response = client.get("/readyz")
    return None if response.is_success else response


def test_a_late_sequencer_makes_a_server_unready(apart: Installation) -> None:
    apart.privgate("keys", "create")
    apart.serve()
    nobody = apart.client()
    assert nobody.get("/readyz").is_success
    apart.enrol("auditor")  # writes an entry that nobody signs
    entry = apart.rows("SELECT entry FROM log_entry ORDER BY id LIMIT 1")[0].entry
    aged = re.sub(r'"time":"\d{4}', '"time":"2020', entry)
    oldest = "SELECT min(id) FROM log_entry"
    apart.execute(f"UPDATE log_entry SET entry = :entry WHERE id = ({oldest})", entry=aged)  # noqa: S608
    response = wait_until(lambda: failing(nobody), "the server to notice")
    assert [part["part"] for part in response.json()["failing"]] == ["sequencer"]


# --- metrics


def metrics_of(response: httpx.Response) -> dict[str, Metric]:
    assert response.status_code == 200, response.text
    return {family.name: family for family in text_string_to_metric_families(response.text)}


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    samples = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(samples)


def test_metrics_tell_of_requests_work_and_log(house: House) -> None:
    nobody = house.installation.client()
    dataset = create_dataset(house.officer, "measured")
    released_copy(house.uploader, dataset, plate_png())
    refused = settled(house.uploader, upload(house.uploader, dataset, b"no image"))
    assert refused["state"] == "quarantined"
    house.officer.http.post(f"/v1/datasets/{dataset}/proofs", json={"sample": 1}).raise_for_status()

    def counted() -> dict[str, Metric] | None:
        families = metrics_of(nobody.get("/metrics"))
        ended = value(families, "privgate_jobs_settled_total", state="quarantined")
        return families if ended and value(families, "privgate_proofs_total", outcome="proven") else None

    all_on_the_tree(house.installation)  # the sequencer may have been the last to start
    found = wait_until(counted, "the worker's counts to reach the database")
    uploads = {"route": "/v1/assets", "method": "POST", "status": "202"}
    assert value(found, "privgate_http_requests_total", **uploads) >= 2
    assert value(found, "privgate_http_request_seconds_count", route="/v1/assets/{asset_id}") >= 2
    assert value(found, "privgate_assets", state="released") >= 1
    assert value(found, "privgate_assets_quarantined", reason=refused["reason"]) >= 1
    assert value(found, "privgate_job_attempts_total") >= 2
    assert 0 < value(found, "privgate_released_without_a_person_ratio") <= 1
    assert value(found, "privgate_stage_seconds_count", stage="detect") >= 1
    assert value(found, "privgate_stage_seconds_sum", stage="detect") > 0
    assert value(found, "privgate_workers_alive") == 1
    assert value(found, "privgate_log_entries") >= 5
    assert value(found, "privgate_checkpoint_age_seconds") > 0
    assert value(found, "privgate_database_up") == 1
    assert value(found, "process_resident_memory_bytes") > 0


def test_no_label_grows_with_what_is_asked_for(house: House) -> None:
    nobody = house.installation.client()
    grown = [grown_by_asking(nobody, turn) for turn in range(4)]
    # The first to ask makes series, and what others do meanwhile may make one; asking again makes none.
    assert set() in grown[1:], grown
    told = nobody.get("/metrics").text
    assert MARK not in told
    assert not re.search(r"(asset|copy|dataset|person|worker|grant)-[0-9a-f]{8}", told)


def grown_by_asking(client: httpx.Client, turn: int) -> set[str]:
    before = series(client)
    for n in range(10):
        ask_oddly(client, 100 * turn + n)
    return series(client) - before


def ask_oddly(client: httpx.Client, n: int) -> None:
    client.get(f"/{MARK}/{n}")
    client.get(f"/v1/assets/asset-{MARK}{n}", params={MARK: str(n)})
    client.get(f"/static/{MARK}{n}.css")
    client.request(f"{MARK.upper()}{n}", "/healthz")


def series(client: httpx.Client) -> set[str]:
    client.get("/metrics")  # the asking itself is counted from the second time on
    lines = client.get("/metrics").text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}


def test_from_elsewhere_metrics_are_for_operators(house: House) -> None:
    installation = house.installation
    for person in (house.officer, house.uploader, house.annotator, house.auditor, house.reviewer):
        entered = len(installation.entries())
        response = person.http.get("/metrics")
        assert response.status_code == 403, person.role
        denial = installation.entries()[entered:]
        assert [(e["action"], e["details"]["asked"]) for e in denial] == [("access.denied", "metrics.read")]
    entered = len(installation.entries())
    assert house.operator.http.get("/metrics").status_code == 200
    assert len(installation.entries()) == entered  # a scraper does not fill the log


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "127.0.0.1"},
        {"Host": "rebound.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_what_came_through_a_proxy_or_by_another_name_is_not_local(
    house: House, headers: dict[str, str]
) -> None:
    assert house.installation.client(headers).get("/metrics").status_code == 401


def test_behind_a_proxy_nobody_is_local(apart: Installation) -> None:
    apart.privgate("keys", "create")
    apart.serve("--behind-proxy", "127.0.0.1/32")
    assert apart.client().get("/metrics").status_code == 401
    assert apart.enrol("operator").http.get("/metrics").status_code == 200


# --- logs and traces


class Collector:
    """An OTLP receiver over HTTP, as the specification describes it: protobuf in, an empty answer out."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                packed = self.headers.get("Content-Encoding") == "gzip"
                collector.bodies.append(gzip.decompress(body) if packed else body)
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        scopes = [scope for r in requests for resource in r.resource_spans for scope in resource.scope_spans]
        return [span for scope in scopes for span in scope.spans]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Watched:
    """An installation that logs all it can and sends traces, after senders put the mark everywhere."""

    def __init__(self, installation: Installation, collector: Collector) -> None:
        self.collector = collector
        for started in running(installation):
            officer, uploader = started.enrol("officer"), started.enrol("uploader")
            annotator = started.enrol("annotator")
            dataset = create_dataset(officer, f"a street {MARK}")
            give_grant(officer, annotator, dataset)
            self.response = send(uploader, dataset, plate_png(), name=f"{MARK}.png", key=f"key-{MARK}")
            self.asset = self.response.json()["id"]
            self.copy = settled(uploader, self.asset)["copy_id"]
            assert content_of(annotator, self.copy).is_success
            settled(uploader, upload(uploader, dataset, f"no image {MARK}".encode(), name=f"{MARK}.jpg"))
            self._ask_oddly(started)
        self.logs = {path.name: path.read_text("utf-8") for path in installation.logs.iterdir()}
        self.lines = [json.loads(line) for text in self.logs.values() for line in text.splitlines()]

    def _ask_oddly(self, installation: Installation) -> None:
        client = installation.client({f"X-{MARK}": MARK, "X-Request-Id": f"req-{MARK}", "User-Agent": MARK})
        ask_oddly(client, 0)
        client.post(f"/v1/assets?dataset={MARK}", content=b"x", headers={"Authorization": f"Bearer {MARK}"})
        client.post("/v1/datasets", content=f'{{"{MARK}": '.encode(), headers={"Content-Type": MARK})
        with socket.create_connection(("127.0.0.1", installation.port)) as raw:
            raw.sendall(f"{MARK} \x00 no HTTP at all\r\n\r\n".encode())
            raw.recv(1000)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore) -> Iterator[Watched]:
    collector = Collector()
    extra = {
        "PRIVGATE_LOG_FORMAT": "json",
        "PRIVGATE_LOG_LEVEL": "debug",
        "PRIVGATE_OTLP_ENDPOINT": collector.url,
    }
    installation = Installation(tmp_path_factory.mktemp("watched"), model_store.folder, extra)
    try:
        yield Watched(installation, collector)
    finally:
        collector.close()


def test_each_line_is_one_object_of_known_members(watched: Watched) -> None:
    known = {"time", "level", "logger", "message", "id", "exception", "at"}
    request = {"route", "method", "status", "milliseconds"}
    for line in watched.lines:
        assert {"time", "level", "logger", "message"} <= line.keys() <= known | request | {"state"}, line


def test_a_request_is_found_by_the_id_that_its_answer_carried(watched: Watched) -> None:
    request = watched.response.headers["x-request-id"]
    assert re.fullmatch(r"req-[0-9a-f]{24}", request)
    (line,) = [line for line in watched.lines if line.get("id") == request and "route" in line]
    assert (line["route"], line["method"], line["status"]) == ("/v1/assets", "POST", 202)
    jobs = [line for line in watched.lines if line.get("id") == watched.asset and "state" in line]
    assert [line["state"] for line in jobs] == ["released"]


def test_nothing_that_a_sender_wrote_is_in_any_log(watched: Watched) -> None:
    assert any("Invalid HTTP request" in line["message"] for line in watched.lines)
    for name, text in watched.logs.items():
        assert MARK not in text.lower(), name


def test_spans_follow_an_image_through_request_and_job(watched: Watched) -> None:
    spans = watched.collector.spans
    names = {span.name for span in spans}
    assert names >= {"request", "intake.blob", "intake.row", "intake.enqueue", "job", "job.open", "job.put"}
    assert names >= {f"job.{stage}" for stage in ("decode", "detect", "redact", "encode", "check", "settle")}
    by_id = {span.span_id: span for span in spans}
    ours = [span for span in spans if attributes(span).get("privgate.asset") == watched.asset]
    row = next(span for span in ours if span.name == "intake.row")
    request = by_id[row.parent_span_id]
    assert attributes(request)["privgate.route"] == "/v1/assets"
    assert attributes(request)["privgate.request"] == watched.response.headers["x-request-id"]
    job = next(span for span in ours if span.name == "job")
    stages = {span.name for span in spans if span.parent_span_id == job.span_id}
    assert stages >= {"job.open", "job.decode", "job.detect", "job.settle"}


def test_spans_carry_ids_and_codes_only(watched: Watched) -> None:
    told = {key for span in watched.collector.spans for key in attributes(span)}
    ours = {"request", "route", "method", "status", "asset", "bytes", "copy", "state"}
    assert told <= {f"privgate.{name}" for name in ours} | {"error.type"}
    assert not any(span.events for span in watched.collector.spans)
    assert not any(MARK.encode() in body.lower() for body in watched.collector.bodies)
    assert not any(b"host" in body for body in watched.collector.bodies)


def attributes(span: Span) -> dict[str, str | int]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def test_a_problem_carries_the_requests_id(house: House) -> None:
    response = house.installation.client({"X-Request-Id": "mine"}).get("/v1/nowhere")
    assert response.json()["request"] == response.headers["x-request-id"] != "mine"
