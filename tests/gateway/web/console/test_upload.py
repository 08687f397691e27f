"""The uploader's pages over HTTP: what they say, whom they let in, and what their modules send."""

from __future__ import annotations

import itertools

import pytest

from gateway.services.resumable import PIECE_BYTES
from policies.access import Role
from policies.lifecycle import AssetState
from tests.gateway.store.rows import entries
from tests.gateway.web.console.conftest import House
from tests.gateway.web.console.uploaders import COPY, Uploader, dataset_of, settle

_numbers = itertools.count(1)

NAME = "Orso Vellin 0048.jpg"


def image() -> bytes:
    """No two alike, so that each is an asset of its own; nothing here looks at pixels."""
    return b"\xff\xd8\xff picture %d" % next(_numbers)


@pytest.fixture(scope="module")
def dataset(shared_house: House) -> str:
    return dataset_of(shared_house, "Crossing")


@pytest.fixture(scope="module")
def uploader(shared_house: House) -> Uploader:
    return Uploader.of(shared_house)


@pytest.fixture(scope="module")
def stranger(shared_house: House) -> Uploader:
    """Who brings images in, too, and has nothing to do with the other's."""
    return Uploader.of(shared_house)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.UPLOADER}))
def test_to_other_roles_the_pages_are_not_there(house: House, role: Role) -> None:
    _, browser = house.signed_in(role)
    for path in ("/upload", "/upload/means", "/batches", "/datasets"):
        if role is Role.OFFICER and path == "/datasets":
            continue  # an officer has datasets of their own kind, where the console has them
        assert browser.get(path).status_code == 404, path


def test_the_page_says_what_the_datasets_policy_does(uploader: Uploader, house: House, dataset: str) -> None:
    strict = dataset_of(house, "Depot", policy="strict")
    shown = uploader.browser.get(f"/upload?dataset={dataset}").text
    assert "Faces and license plates are" in shown
    assert "blurred" in shown
    assert "look for text and codes" in shown
    told = uploader.browser.get(f"/upload/terms?dataset={strict}", HX_Request="true").text
    assert "Faces, license plates, all text and codes are" in told
    assert "searched once more" in told


def test_a_file_travels_in_pieces_and_becomes_an_image(uploader: Uploader, dataset: str) -> None:
    data, batch = image(), uploader.batch(dataset)
    begun = uploader.begin(dataset, batch, len(data), NAME).json()
    assert (begun["received"], begun["asset"], begun["piece"]) == (0, None, PIECE_BYTES)
    first = uploader.patch(begun["upload"], 0, data[:7]).json()
    assert (first["received"], first["asset"]) == (7, None)
    assert uploader.patch(begun["upload"], 3, data[3:]).status_code == 409
    assert uploader.ask("GET", f"/upload/files/{begun['upload']}").json()["received"] == 7
    last = uploader.patch(begun["upload"], 7, data[7:]).json()
    assert last["asset"].startswith("asset-")
    assert not last["duplicate"]


def test_the_same_bytes_are_known_again(uploader: Uploader, dataset: str) -> None:
    data, batch = image(), uploader.batch(dataset)
    first = uploader.send(dataset, batch, data)
    again = uploader.send(dataset, uploader.batch(dataset), data)
    assert (again["asset"], again["duplicate"]) == (first["asset"], True)


def test_an_upload_that_was_ended_is_gone(uploader: Uploader, dataset: str) -> None:
    upload = uploader.begin(dataset, uploader.batch(dataset), 10).json()["upload"]
    assert uploader.ask("DELETE", f"/upload/files/{upload}").status_code == 204
    assert uploader.ask("GET", f"/upload/files/{upload}").status_code == 404


@pytest.mark.parametrize(
    ("size", "name", "code"),
    [(0, None, "input.empty"), (100_000_001, None, "limit.bytes"), (9, "ä" * 513, "name.long")],
)
def test_a_refusal_has_a_code_that_the_page_has_words_for(
    uploader: Uploader, dataset: str, size: int, name: str | None, code: str
) -> None:
    refused = uploader.begin(dataset, uploader.batch(dataset), size, name)
    assert refused.status_code in (413, 422)
    assert refused.json()["code"] == code
    happened, advice = uploader.ask("GET", "/upload/means").json()["words"][code]
    assert happened
    assert advice


def test_nothing_of_anothers_is_reached(
    house: House, uploader: Uploader, stranger: Uploader, dataset: str
) -> None:
    data, batch = image(), uploader.batch(dataset)
    upload = uploader.begin(dataset, batch, len(data)).json()["upload"]
    asset = uploader.send(dataset, batch, data)["asset"]
    settle(house, asset, AssetState.RELEASED)
    for method, path, body in (
        ("GET", f"/upload/files/{upload}", None),
        ("DELETE", f"/upload/files/{upload}", None),
        ("POST", f"/batches/{batch}/look", {"assets": [asset]}),
        ("POST", f"/batches/{batch}/close", None),
        ("POST", "/upload/refusals", {"batch": batch, "code": "format.text", "files": 1}),
        ("GET", f"/batches/{batch}", None),
        ("GET", f"/batches/{batch}/live", None),
        ("GET", f"/batches/{batch}/images/{asset}", None),
        ("GET", f"/batches/{batch}/images/{asset}/copy", None),
        ("GET", f"/upload?batch={batch}", None),
    ):
        assert stranger.ask(method, path, body).status_code == 403, path
    assert stranger.begin(dataset, batch, 9).status_code == 403
    assert batch not in stranger.browser.get("/batches").text


def test_every_act_needs_the_pages_token(uploader: Uploader, dataset: str) -> None:
    batch = uploader.batch(dataset)
    for path, body in (
        ("/upload/batches", {"dataset": dataset}),
        ("/upload/files", {"dataset": dataset, "batch": batch, "bytes": 9}),
        (f"/batches/{batch}/close", {}),
    ):
        assert uploader.ask("POST", path, body, X_Privgate_Token="x").status_code == 403, path


def test_a_browser_knows_its_files_again_by_a_key_of_its_person(
    uploader: Uploader, stranger: Uploader
) -> None:
    means = [one.ask("GET", "/upload/means").json() for one in (uploader, uploader, stranger)]
    assert means[0]["key"] == means[1]["key"] != means[2]["key"]
    assert len(bytes.fromhex(means[0]["key"])) == 32
    assert means[0]["token"] != means[1]["token"], "masked anew"


def test_a_batchs_page_tells_each_image_and_what_is_next(
    house: House, uploader: Uploader, dataset: str
) -> None:
    batch = uploader.batch(dataset)
    out, doubtful, held, waiting = (
        uploader.send(dataset, batch, image(), NAME if n == 0 else None)["asset"] for n in range(4)
    )
    settle(house, out, AssetState.RELEASED)
    settle(house, doubtful, AssetState.NEEDS_REVIEW, "face.doubtful,face.many")
    settle(house, held, AssetState.QUARANTINED, "check.region")
    uploader.ask("POST", "/upload/refusals", {"batch": batch, "code": "format.text", "files": 2})
    page = uploader.browser.get(f"/batches/{batch}").text
    for words in (
        NAME,
        "1 face hidden",
        "A reviewer looks first: faces found with too little certainty; unusually many faces",
        "Something was still visible after it was hidden",
        "2 files not taken in",
        "1 image being worked on",
        "This batch is open",
    ):
        assert words in page, words
    assert page.count("data-copy=") == 1, "only what is released can be looked at"
    attention = uploader.browser.get(f"/batches/{batch}?show=attention").text
    assert held in attention
    assert doubtful in attention
    assert out not in attention
    assert waiting not in attention


def test_names_are_told_on_a_page_and_entered_but_not_again_by_itself(
    uploader: Uploader, house: House, dataset: str
) -> None:
    batch = uploader.batch(dataset)
    uploader.send(dataset, batch, image(), NAME)

    def told() -> int:
        return sum(entry.action == "names.told" for entry in entries(house.database))

    before = told()
    assert NAME in uploader.browser.get(f"/batches/{batch}").text
    assert told() == before + 1
    assert NAME not in uploader.browser.get(f"/batches/{batch}/live", HX_Request="true").text
    assert told() == before + 1
    assert "Vellin" not in str(entries(house.database))


def test_the_copy_of_an_own_image_is_shown_once_it_is_entered_and_kept_by_nobody(
    house: House, uploader: Uploader, dataset: str
) -> None:
    batch = uploader.batch(dataset)
    asset = uploader.send(dataset, batch, image())["asset"]
    where = f"/batches/{batch}/images/{asset}/copy"
    assert uploader.ask("GET", where).status_code == 404, "not released yet"
    settle(house, asset, AssetState.RELEASED)
    shown = uploader.ask("GET", where)
    assert shown.content == COPY
    assert shown.headers["Cache-Control"] == "no-store"
    assert (entries(house.database)[-1].action, entries(house.database)[-1].actor) == (
        "copy.previewed",
        uploader.person,
    )


def test_a_page_that_follows_images_is_told_how_they_stand(
    house: House, uploader: Uploader, dataset: str
) -> None:
    data, batch = image(), uploader.batch(dataset)
    asset = uploader.send(dataset, batch, data)["asset"]
    foreign = uploader.send(dataset, uploader.batch(dataset), image())["asset"]
    look = f"/batches/{batch}/look"
    told = uploader.ask("POST", look, {"assets": [asset, foreign]}).json()
    assert set(told["images"]) == {asset}, "of this batch only"
    assert (told["images"][asset]["state"], told["images"][asset]["settled"]) == ("received", False)
    settle(house, asset, AssetState.RELEASED)
    told = uploader.ask("POST", look, {"assets": [asset]}).json()
    assert told["images"][asset] == {
        "state": "released",
        "happened": "1 face hidden",
        "advice": "",
        "settled": True,
        "shown": True,
    }
    again = uploader.batch(dataset)
    uploader.send(dataset, again, data)
    told = uploader.ask("POST", f"/batches/{again}/look", {"assets": [asset]}).json()
    assert told["images"][asset]["state"] == "already_here"
    assert told["images"][asset]["happened"] == "Brought in before. 1 face hidden"
    assert "Brought in before" in uploader.browser.get(f"/batches/{again}/images/{asset}").text


def test_a_finished_batch_takes_no_more_and_keeps_what_was_refused(uploader: Uploader, dataset: str) -> None:
    batch = uploader.batch(dataset)
    uploader.ask("POST", "/upload/refusals", {"batch": batch, "code": "format.gif", "files": 3})
    closed = uploader.browser.act(f"/batches/{batch}/close")
    assert (closed.status_code, closed.headers["Location"]) == (303, f"/batches/{batch}")
    assert uploader.begin(dataset, batch, 9).json()["code"] == "batch.closed"
    assert not uploader.ask("POST", f"/batches/{batch}/look", {"assets": []}).json()["open"]
    page = uploader.browser.get(f"/batches/{batch}").text
    assert "<b>3</b> refused" in page
    assert "Bring in more" not in page


def test_batches_are_listed_by_page_with_their_states(
    house: House, uploader: Uploader, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.services.batch_pages.BATCHES", 2)
    made = [uploader.batch(dataset) for _ in range(3)]
    first = uploader.browser.get("/batches").text
    assert [one in first for one in made] == [False, True, True]
    assert f"/batches?before={made[1]}" in first
    older = uploader.browser.get(f"/batches?before={made[1]}").text
    assert [one in older for one in made] == [True, False, False]
    assert f"/batches?after={made[0]}" in older


def test_datasets_are_shown_with_what_is_hidden_there(uploader: Uploader, dataset: str) -> None:
    assert "Faces and license plates" in uploader.browser.get("/datasets").text
    page = uploader.browser.get(f"/datasets/{dataset}").text
    assert "GDPR Art. 5(1)(c)" in page
    assert f"/upload?dataset={dataset}" in page
