"""An annotator's pages and requests: work, an image without an address, drafts, submission, the end."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from gateway.services.accounts import create_account
from gateway.store.ledger import utc_now
from gateway.store.queries import people
from policies.access import Role
from tests.gateway.store.rows import entries
from tests.gateway.web.console.annotators import BOX, Site, make_site
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser


@pytest.fixture
def site(house: House) -> Site:
    return make_site(house)


def actions(site: Site) -> list[str]:
    """What the annotator did, as the log has it; signing in left out."""
    found = [entry for entry in entries(site.house.database) if entry.actor == site.annotator]
    return [entry.action for entry in found if not entry.action.startswith(("session.", "account."))]


def test_the_list_tells_purpose_end_and_what_happens_then(site: Site) -> None:
    page = site.browser.get("/tasks")
    assert page.status_code == 200
    assert "label-cars" in page.text
    assert "0 of 2 done" in page.text
    assert "When your access ends" in page.text
    task = site.claim()
    assert f"/tasks/{task}" in site.browser.get("/tasks").text


def test_where_nothing_is_open_the_list_says_so(house: House) -> None:
    site = make_site(house, images=0)
    answer = site.browser.act("/tasks/next", {"dataset": site.dataset})
    assert answer.headers["location"] == f"/tasks?none={site.dataset}"
    assert "No image is open here" in site.browser.get(answer.headers["location"]).text


def test_the_page_names_no_address_of_the_image(site: Site) -> None:
    task = site.claim()
    page = site.browser.get(f"/tasks/{task}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "<img" not in page.text
    for copy in site.pictures:
        assert copy not in page.text
    assert "/v1/" not in page.text
    assert "style=" not in page.text


def test_the_image_is_a_delivery_entered_before_its_bytes_and_nothing_keeps_it(site: Site) -> None:
    task = site.claim()
    answer = site.script("POST", f"/tasks/{task}/image")
    assert answer.status_code == 200
    assert answer.content in site.pictures.values()
    assert answer.headers["content-type"] == "application/octet-stream"  # nothing that a browser shows
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert actions(site)[-1] == "copy.delivered"


def test_no_address_gives_the_image_and_no_navigation_does(site: Site) -> None:
    task = site.claim()
    assert site.browser.get(f"/tasks/{task}/image").status_code == 405
    for kind in ("document", "image", "iframe", "object", "video"):
        answer = site.script("POST", f"/tasks/{task}/image", **{"Sec-Fetch-Dest": kind})
        assert answer.status_code == 403, kind
    without = site.browser.post(f"/tasks/{task}/image")
    assert without.status_code == 403  # no token
    assert "copy.delivered" not in actions(site)


def test_only_whoever_has_the_task_is_given_its_image(site: Site) -> None:
    task = site.claim()
    assert site.browser.act(f"/tasks/{task}/release").status_code == 303
    assert site.script("POST", f"/tasks/{task}/image").status_code == 409
    assert "copy.delivered" not in actions(site)
    page = site.browser.get(f"/tasks/{task}")
    assert page.status_code == 200
    assert "Claim it again" in page.text


def test_a_draft_comes_back_with_the_page_and_goes_with_the_submission(site: Site) -> None:
    task = site.claim()
    face = {"id": 2, "category_id": 2, "keypoints": [7.5, 8.5, 2, 0, 0, 0]}
    drawn = {"annotations": [BOX | {"attributes": {"occluded": True}}, face]}
    assert site.script("PUT", f"/tasks/{task}/draft", drawn).json()["labels"] == 2
    page = site.browser.get(f"/tasks/{task}").text
    assert '"bbox": [4.0, 5.0, 10.0, 12.0]' in page
    assert '"keypoints": [7.5, 8.5, 2, 0.0, 0.0, 0]' in page
    assert '"occluded": true' in page
    answer = site.script("POST", f"/tasks/{task}/labels", drawn).json()
    assert answer["labels"] == 2
    assert answer["next"].startswith("/tasks/task-")  # the next image is claimed
    assert answer["next"] != f"/tasks/{task}"
    listed = site.browser.get(f"/tasks/submitted/{site.dataset}")
    assert f"/tasks/{task}/claim" in listed.text
    again = site.browser.act(f"/tasks/{task}/claim")
    assert again.headers["location"] == f"/tasks/{task}"
    assert '"bbox": [4.0, 5.0, 10.0, 12.0]' in site.browser.get(f"/tasks/{task}").text


def test_labels_that_are_none_are_refused_by_name_and_the_draft_stays(site: Site) -> None:
    task = site.claim()
    site.script("PUT", f"/tasks/{task}/draft", {"annotations": [BOX]})
    answer = site.script("POST", f"/tasks/{task}/labels", {"annotations": [BOX | {"bbox": [0, 0, 99, 9]}]})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["place"] == "annotations[0].bbox"
    assert '"bbox": [4.0' in site.browser.get(f"/tasks/{task}").text


def test_a_lease_is_told_in_seconds_and_renewed(site: Site) -> None:
    task = site.claim()
    assert 1_700 < site.script("GET", f"/tasks/{task}/lease").json()["lease"] <= 1_800
    assert site.script("POST", f"/tasks/{task}/renew").json()["lease"] <= 1_800
    assert actions(site)[-1] == "task.renewed"


ASKED: list[tuple[str, Callable[[Site, str], httpx.Response]]] = [
    ("the image", lambda site, task: site.script("POST", f"/tasks/{task}/image")),
    ("the lease", lambda site, task: site.script("GET", f"/tasks/{task}/lease")),
    ("a renewal", lambda site, task: site.script("POST", f"/tasks/{task}/renew")),
    ("a draft", lambda site, task: site.script("PUT", f"/tasks/{task}/draft", {"annotations": []})),
    ("labels", lambda site, task: site.script("POST", f"/tasks/{task}/labels", {"annotations": []})),
    ("the page", lambda site, task: site.browser.get(f"/tasks/{task}")),
    ("guidelines", lambda site, _: site.browser.get(f"/guidelines/{site.dataset}")),
]


@pytest.mark.parametrize(("what", "ask"), ASKED, ids=[what for what, _ in ASKED])
def test_after_a_revocation_each_request_is_a_403_and_an_entry(
    site: Site, what: str, ask: Callable[[Site, str], httpx.Response]
) -> None:
    task = site.claim()
    site.revoke()
    assert ask(site, task).status_code == 403, what
    assert actions(site)[-1] == "access.denied"


def test_the_page_of_a_grant_that_was_taken_back_is_calm_and_says_why(site: Site) -> None:
    task = site.claim()
    site.revoke()
    page = site.browser.get(f"/tasks/{task}")
    assert "Your access was taken back" in page.text
    assert "What you submitted stays" in page.text
    listed = site.browser.get("/tasks").text
    assert "Taken back by the compliance officer" in listed
    assert "No work for you right now" in listed


def test_a_suspended_annotator_sees_nothing_more_of_an_open_image(site: Site) -> None:
    task = site.claim()
    token = site.browser.token()
    with site.house.database.unit() as unit:
        people.set_suspended(unit.session, site.annotator, utc_now())
    headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin", "X-Privgate-Token": token}
    answer = site.browser.send("GET", f"/tasks/{task}/lease", headers=headers)
    assert answer.status_code == 403
    assert site.browser.send("POST", f"/tasks/{task}/image", headers=headers).status_code == 403
    assert actions(site)[-2:] == ["access.denied"] * 2


def test_another_annotator_gets_neither_the_image_nor_the_draft(site: Site) -> None:
    task = site.claim()
    site.script("PUT", f"/tasks/{task}/draft", {"annotations": [BOX]})
    create_account(
        site.house.database,
        role=Role.ANNOTATOR,
        name=None,
        login=f"other-{site.annotator[-8:]}",
        password=PASSWORD,
        clock=utc_now,
    )
    other = Browser(site.house.app)
    other.sign_in(f"other-{site.annotator[-8:]}")
    page = other.get(f"/tasks/{task}")
    assert page.status_code == 403
    assert "This is not among your work" in page.text
    assert "bbox" not in page.text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ANNOTATOR])
def test_for_other_roles_there_are_no_such_pages(house: House, role: Role) -> None:
    _, browser = house.signed_in(role)
    for path in ("/tasks", "/guidelines", "/tasks/task-0123456789abcdef"):
        assert browser.get(path).status_code == 404
