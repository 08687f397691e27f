"""An officer and the workforce in browsers: asked in, given a dataset by a group, kept out by one click."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Browser, Page

from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import context, looked_at
from tests.support.gateway import released_copy
from tests.support.pictures import plate_png

PASSWORD = "four unrelated words here"

ASK_FOR_IMAGE = """async path => {
  const token = document.querySelector('meta[name="privgate-token"]').content;
  const answer = await fetch(path, { method: "POST", headers: { "X-Privgate-Token": token } });
  return answer.status;
}"""
"""What the workbench does for an image, from the page that is open."""


def invited(officer: Page, name: str) -> str:
    """The link that the officer is shown, once, for a new annotator."""
    officer.goto("/workforce")
    officer.get_by_label("Name").fill(name)
    officer.get_by_label("Role", exact=True).select_option("annotator")
    officer.get_by_role("button", name="Make a link").click()
    return officer.locator("#link").inner_text()


def given_by_group(officer: Page, dataset: str, name: str, group: str) -> None:
    officer.goto("/workforce/groups")
    officer.get_by_label("Name").fill(group)
    officer.get_by_role("button", name="Make the group").click()
    officer.get_by_label("User name, name or id").fill(name)
    officer.get_by_role("button", name="Add", exact=True).click()
    officer.get_by_role("cell", name=name).wait_for()
    officer.get_by_role("link", name="Give a dataset").click()
    officer.locator("#g-dataset").select_option(dataset)
    officer.get_by_label("Purpose").fill("label-cars")
    officer.get_by_role("button", name="Give it").click()
    officer.get_by_text("The grant is given.").wait_for()


def claimed(annotator: Page, house: House, dataset: str, person: str) -> str:
    """The path at which the annotator's workbench gets its image, once the task is theirs."""
    annotator.goto("/tasks")
    status = annotator.evaluate(
        """async dataset => {
          const token = document.querySelector('meta[name="privgate-token"]').content;
          const form = new URLSearchParams({ dataset, token });
          return (await fetch("/tasks/next", { method: "POST", body: form })).status;
        }""",
        dataset,
    )
    assert status == 200
    held = house.installation.rows(f"SELECT id FROM label_task WHERE holder_id = '{person}'")  # noqa: S608
    return f"/tasks/{held[0].id}/image"


def test_who_is_suspended_sees_nothing_more_of_the_image_that_is_open(
    house: House, seat: Seat, chromium: Browser
) -> None:
    form = {"name": f"lane {time.time_ns()}", "policy": "street", "categories": [{"id": 1, "name": "car"}]}
    dataset = house.officer.http.post("/v1/datasets", json=form).json()["id"]
    copy = released_copy(house.uploader, dataset, plate_png())
    name = f"Nell Harlow {time.time_ns()}"
    officer = seat(house.officer)
    link = invited(officer, name)
    looked_at(officer, "workforce-link")
    with context(chromium, house.installation.url) as (opened, _):
        annotator = opened.new_page()
        annotator.goto(link)
        looked_at(annotator, "invitation")
        annotator.get_by_label("User name").fill(f"nell{time.time_ns()}")
        annotator.get_by_label("Password").fill(PASSWORD)
        annotator.get_by_role("button", name="Make my account").click()
        annotator.wait_for_url("**/tasks")
        given_by_group(officer, dataset, name, f"Lane team {time.time_ns()}")
        looked_at(officer, "workforce-grants")
        officer.goto("/workforce")
        person = officer.get_by_role("link", name=name).get_attribute("href")
        assert person is not None
        person_id = person.rpartition("/")[2]
        image = claimed(annotator, house, dataset, person_id)
        assert annotator.evaluate(ASK_FOR_IMAGE, image) == 200
        row = officer.get_by_role("row", name=re.compile(name))
        row.get_by_role("button", name="Suspend").click()
        row.get_by_role("button", name="Bring back").wait_for()
        looked_at(officer, "workforce-people")
        assert annotator.evaluate(ASK_FOR_IMAGE, image) == 403
        annotator.goto("/tasks")
        assert annotator.get_by_text("Your access is suspended").is_visible()
        denied = [
            entry for entry in house.installation.entries("access.denied") if entry["actor"] == person_id
        ]
        assert {entry["details"]["reason"] for entry in denied} == {"person.suspended"}
        delivered = house.installation.entries("copy.delivered")
        assert [entry["subject"] for entry in delivered if entry["actor"] == person_id] == [copy]


def test_a_person_gets_another_role_and_later_only_an_id(house: House, seat: Seat) -> None:
    officer, name = seat(house.officer), f"Ida Brand {time.time_ns()}"
    invited(officer, name)
    officer.goto("/workforce")
    officer.get_by_role("link", name=name).click()
    officer.get_by_label("Role", exact=True).select_option("Reviewer")
    looked_at(officer, "workforce-person")
    officer.get_by_role("button", name="Change the role").click()
    officer.get_by_text("They have another role").wait_for()
    officer.wait_for_load_state()  # the script that opens dialogs has run by then
    officer.get_by_role("button", name="Erase the name").click()
    dialog = officer.get_by_role("dialog")
    dialog.get_by_label(f"Write {name} to go on").fill(name)
    looked_at(officer, "workforce-erase")
    dialog.get_by_role("button", name="Erase the name").click()
    officer.get_by_text("The name is erased.").wait_for()
    person = officer.url.partition("?")[0].rpartition("/")[2]
    assert name not in officer.content()
    done = [entry["action"] for entry in house.installation.entries() if entry["subject"] == person]
    assert done == ["person.role_changed", "person.erased"]
