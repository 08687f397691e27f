"""Guidelines on their pages: written by officers, rendered safely, read beside the classes and their keys."""

from __future__ import annotations

import pytest

from gateway.labels.model import Category
from gateway.store.queries import accounts
from policies.access import Role
from tests.gateway.web.console.annotators import BOX, Site, make_site
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser

TEXT = "Label **every** car.\n\n## Car\n\nThe visible body.\n\n- <script>alert(1)</script>\n"


@pytest.fixture
def site(house: House) -> Site:
    return make_site(house, images=1)


def officer_of(site: Site) -> Browser:
    with site.house.database.reading() as session:
        login = accounts.of_person(session, site.officer).login  # type: ignore[union-attr]
    browser = Browser(site.house.app)
    assert browser.sign_in(login, PASSWORD).status_code == 303
    return browser


def test_what_an_officer_publishes_annotators_read_and_nothing_of_it_is_markup(site: Site) -> None:
    officer, path = officer_of(site), f"/workforce/datasets/{site.dataset}/guidelines"
    assert "Write version 1" in officer.get(path).text
    assert officer.act(path, {"text": TEXT, "after": "0"}).status_code == 303
    page = site.browser.get(f"/guidelines/{site.dataset}").text
    assert "<strong>every</strong>" in page
    assert "<li>&lt;script&gt;alert(1)&lt;/script&gt;</li>" in page
    assert "<kbd>1</kbd>" in page
    assert "left eye, right eye" in page
    assert f"/guidelines/{site.dataset}" in site.browser.get("/guidelines").text


def test_the_workbench_shows_what_is_said_of_the_class_in_hand(site: Site) -> None:
    officer = officer_of(site)
    officer.act(f"/workforce/datasets/{site.dataset}/guidelines", {"text": TEXT, "after": "0"})
    page = site.browser.get(f"/tasks/{site.claim()}").text
    assert 'data-guide="1"' in page
    assert "The visible body." in page


def test_of_two_who_write_at_once_the_second_keeps_their_words(site: Site) -> None:
    officer, path = officer_of(site), f"/workforce/datasets/{site.dataset}/guidelines"
    officer.act(path, {"text": TEXT, "after": "0"})
    answer = officer.act(path, {"text": "mine, written meanwhile", "after": "0"})
    assert answer.status_code == 422
    assert "Somebody wrote version 1 in the meantime" in answer.text
    assert "mine, written meanwhile</textarea>" in answer.text
    officer.act(path, {"text": "Second words.", "after": "1"})
    old = officer.get(f"{path}?version=1").text
    assert "<strong>every</strong>" in old
    assert "Second words." in old  # in the field, to be written anew


def test_classes_are_written_as_rows_and_faults_are_told(site: Site) -> None:
    officer, path = officer_of(site), f"/workforce/datasets/{site.dataset}/classes"
    rows = {
        "number": ["1", "7", ""],
        "name": ["car", "Hand", ""],
        "parent": ["vehicle", "", ""],
        "landmarks": ["", "thumb, wrist", ""],
    }
    assert officer.act(path, rows).status_code == 303  # type: ignore[arg-type]
    found = site.services.guidelines.read(site.governor, site.dataset).categories
    assert found == [Category(1, "car", "vehicle"), Category(7, "Hand", None, ("thumb", "wrist"))]
    for change, words in (
        ({"number": ["1", "x", ""]}, "needs a number"),
        ({"number": ["7", "7", ""]}, "two classes have the number 7"),
        ({"name": ["hand", "Hand", ""]}, "two classes have the name hand"),
        ({"landmarks": ["", "tip, tip", ""]}, "two landmarks have one name"),
    ):
        answer = officer.act(path, rows | change)  # type: ignore[arg-type]
        assert answer.status_code == 422
        assert words in answer.text.replace("Two", "two")
        assert "thumb, wrist" in answer.text or "tip, tip" in answer.text  # what was typed is kept


def test_a_class_that_labels_name_stays(site: Site) -> None:
    task = site.claim()
    site.script("POST", f"/tasks/{task}/labels", {"annotations": [BOX]})
    rows = {"number": "1", "name": "lorry", "parent": "", "landmarks": ""}
    answer = officer_of(site).act(f"/workforce/datasets/{site.dataset}/classes", rows)
    assert answer.status_code == 422
    assert "nor be called something else" in answer.text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OFFICER])
def test_nobody_else_writes(house: House, site: Site, role: Role) -> None:
    _, browser = house.signed_in(role)
    path = f"/workforce/datasets/{site.dataset}"
    assert browser.get(f"{path}/guidelines").status_code == 404
    for asked in (f"{path}/guidelines", f"{path}/classes"):
        assert browser.act(asked, {"text": "mine", "after": "0"}).status_code == 404
