"""What holds for both clients: they are tested by one suite because they are made from one source."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import errors
from gateway.client import Category, Problem, ServerFault, UnexpectedAnswer, Unreachable, api
from gateway.errors import GatewayError
from tests.gateway.client.conftest import TOKEN, Do, Scripted, Server
from tests.support.processes import free_port

ASSET = {
    "id": "asset-1",
    "dataset": "dataset-1",
    "state": "released",
    "reason": None,
    "bytes": 3,
    "copy_id": "copy-1",
    "hidden": 2,
    "something": "that a newer gateway says",
}


def says(document: object, status: int = 200) -> Scripted:
    return Scripted(status, json.dumps(document).encode())


def problem(status: int, kind: str, **members: object) -> Scripted:
    document = {"type": f"urn:privgate:problem:{kind}", "status": status, "detail": f"it is {kind}"}
    return says(document | members, status)


def test_a_request_carries_the_token_and_the_answer_is_a_value(server: Server, do: Do) -> None:
    server.script = [says(ASSET)]
    asset = do(api.read_asset("asset-1"))
    assert (asset.id, asset.state, asset.hidden, asset.settled) == ("asset-1", "released", 2, True)
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("GET", "/v1/assets/asset-1")
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"


def test_an_upload_streams_the_file_with_its_name_and_a_key(server: Server, do: Do, tmp_path: Path) -> None:
    picture = tmp_path / 'Jäne "D";\r\n.jpg'
    picture.write_bytes(bytes(range(256)) * 4_000)
    server.script = [says(ASSET, 202)]
    do(api.upload("dataset-1", picture))
    (seen,) = server.seen
    assert seen.body == picture.read_bytes()
    assert seen.path == "/v1/assets?dataset=dataset-1"
    assert seen.headers["transfer-encoding"] == "chunked"
    assert seen.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''J%C3%A4ne%20%22D%22%3B%0D%0A.jpg"
    )
    assert len(seen.headers["idempotency-key"]) == 32


def test_an_upload_is_tried_again_with_the_same_key_and_all_of_its_bytes(
    server: Server, do: Do, tmp_path: Path
) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"pixels" * 100_000)
    server.script = [problem(503, "database"), Scripted(hang_up=True), says(ASSET, 202)]
    assert do(api.upload("dataset-1", picture)).id == "asset-1"
    assert len(server.seen) == 3
    assert len({seen.headers["idempotency-key"] for seen in server.seen}) == 1
    assert {seen.body for seen in server.seen} == {picture.read_bytes()}


def test_what_must_not_happen_twice_is_not_tried_again(server: Server, do: Do) -> None:
    server.script = [problem(503, "database"), says({})]
    with pytest.raises(ServerFault):
        do(api.claim_task("dataset-1"))
    assert len(server.seen) == 1


def test_what_the_server_asks_for_is_waited_for(server: Server, do: Do) -> None:
    server.script = [Scripted(503, b"", {"Retry-After": "1"}), says([])]
    start = time.monotonic()
    assert do(api.list_datasets()) == ()
    assert time.monotonic() - start >= 1


def test_a_refusal_is_not_asked_for_again(server: Server, do: Do) -> None:
    server.script = [problem(403, "access-denied", code="grant.expired")]
    with pytest.raises(errors.AccessDenied):
        do(api.copy_content("copy-1"))
    assert len(server.seen) == 1


REFUSALS: list[tuple[Scripted, type[GatewayError]]] = [
    (problem(400, "bad-request"), errors.InputRefused),
    (problem(401, "unauthenticated"), errors.Unauthenticated),
    (problem(403, "access-denied", code="grant.none"), errors.AccessDenied),
    (problem(404, "not-found"), errors.NotFound),
    (problem(409, "conflict"), errors.Conflict),
    (problem(410, "withdrawn"), errors.Withdrawn),
    (problem(413, "input-refused", code="limit.bytes"), errors.LimitExceeded),
    (problem(415, "input-refused"), errors.UnsupportedFormat),
    (problem(422, "invalid-request"), errors.InputRefused),
    (problem(422, "idempotency-key-reused"), errors.KeyReused),
    (problem(500, "unforeseen"), ServerFault),
    (problem(503, "log-unavailable"), errors.LedgerUnavailable),
    (problem(418, "teapot"), UnexpectedAnswer),
    (Scripted(302, b"", {"Location": "http://127.0.0.1:9/"}), UnexpectedAnswer),
    (Scripted(502, b"<html>proxy</html>"), ServerFault),
    (Scripted(404, b"[1]"), errors.NotFound),
]


@pytest.mark.parametrize(("answer", "error"), REFUSALS)
def test_a_problem_document_becomes_our_own_error_with_the_document_as_its_cause(
    server: Server, do: Do, answer: Scripted, error: type[GatewayError]
) -> None:
    server.script = [answer]
    with pytest.raises(GatewayError) as caught:
        do(api.release_task("task-1"))
    assert type(caught.value) is error
    cause = caught.value.__cause__
    assert isinstance(cause, Problem)
    assert cause.status == answer.status
    assert len(server.seen) == 1  # a redirect is not followed: it could carry the token away


def test_faults_advice_and_code_come_through(server: Server, do: Do) -> None:
    faults = [{"place": "annotations[0].bbox", "fault": "outside"}]
    server.script = [problem(422, "input-refused", code="labels.invalid", advice="mend it", faults=faults)]
    with pytest.raises(errors.InputRefused) as caught:
        do(api.submit_labels("task-1", {"annotations": []}))
    assert (caught.value.code, caught.value.advice) == ("labels.invalid", "mend it")
    cause = caught.value.__cause__
    assert isinstance(cause, Problem)
    assert [(fault.place, fault.fault) for fault in cause.faults] == [("annotations[0].bbox", "outside")]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id": 1}', b"null", b'"x"'])
def test_an_answer_of_something_else_is_an_error_of_its_own(server: Server, do: Do, body: bytes) -> None:
    server.script = [Scripted(200, body)]
    with pytest.raises(UnexpectedAnswer):
        do(api.read_asset("asset-1"))


def test_nobody_there_is_told_with_the_address(make_do: Callable[[str], Do]) -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1.*is it running"):
        make_do(f"http://127.0.0.1:{free_port()}")(api.claim_task("dataset-1"))
    for nonsense in ("", "ftp://here", "gateway:8080", "http://"):
        with pytest.raises(Unreachable, match="no address"):
            make_do(nonsense)(api.health())


def test_a_download_appears_whole_or_not_at_all(server: Server, do: Do, tmp_path: Path) -> None:
    target = tmp_path / "labels.json"
    target.write_bytes(b"from yesterday")
    cut = Scripted(200, b"half of it", hang_up=True)
    server.script = [cut]
    with pytest.raises(Unreachable):
        do(api.export_labels("dataset-1", target))
    assert target.read_bytes() == b"from yesterday"
    server.script = [problem(403, "access-denied")]
    with pytest.raises(errors.AccessDenied):
        do(api.export_labels("dataset-1", target))
    server.script = [cut, Scripted(200, b"all of it")]
    assert do(api.export_labels("dataset-1", target)) == target
    assert target.read_bytes() == b"all of it"
    assert [path.name for path in tmp_path.iterdir()] == ["labels.json"]
    assert target.stat().st_mode & 0o077 == 0


def test_an_id_from_elsewhere_cannot_become_another_route(server: Server, do: Do) -> None:
    server.script = [says(ASSET)]
    do(api.read_asset("../grants/x?y#z"))
    do(api.read_asset(".."))
    assert [seen.path for seen in server.seen] == [
        "/v1/assets/%2E%2E%2Fgrants%2Fx%3Fy%23z",
        "/v1/assets/%2E%2E",
    ]


def test_settled_waits_and_gives_up_in_the_end(server: Server, do: Do) -> None:
    busy = says(ASSET | {"state": "processing"})
    server.script = [busy, busy, says(ASSET)]
    assert do(api.settled("asset-1")).state == "released"
    assert len(server.seen) == 3
    server.script = [busy]
    with pytest.raises(errors.Conflict, match="still being processed"):
        do(api.settled("asset-1", looks=2))


def test_no_open_task_is_none(server: Server, do: Do) -> None:
    server.script = [Scripted(204, b"")]
    assert do(api.claim_task("dataset-1", seconds=60)) is None
    assert json.loads(server.seen[0].body) == {"seconds": 60}


def test_a_label_set_goes_as_coco_says_it(server: Server, do: Do) -> None:
    server.script = [says({"categories": [{"id": 1, "name": "car", "supercategory": None}]})]
    assert do(api.set_categories("dataset-1", [Category(1, "car")])) == (Category(1, "car"),)
    assert (server.seen[0].method, server.seen[0].path) == ("PUT", "/v1/datasets/dataset-1/categories")
    assert b"keypoints" not in server.seen[0].body  # an older gateway refuses what it does not know


def test_landmarks_go_and_come_with_their_class(server: Server, do: Do) -> None:
    face = Category(2, "face", None, ("left eye", "nose"))
    server.script = [says({"categories": [face.to_json()]})]
    assert do(api.set_categories("dataset-1", [face])) == (face,)
    assert json.loads(server.seen[0].body)["categories"][0]["keypoints"] == ["left eye", "nose"]
