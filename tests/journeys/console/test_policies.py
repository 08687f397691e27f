"""An officer's policy from its first line to its effect, in a real browser: written, mended, tried, approved
by somebody else, put in effect, its copies made anew, and the way back.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import TABLET, looked_at
from tests.support.gateway import create_dataset, settled, upload
from tests.support.pictures import plate_png

WAIT_MS = 120_000
"""For what a worker does, however slow the machine is."""

SAVED = re.compile(r"/policies/policy-[0-9a-f]{24}\?done=saved$")


def path_of(page: Page) -> str:
    return "/" + page.url.split("?")[0].split("/", 3)[3]


def confirmed(page: Page, opener: str | re.Pattern[str], does: str | re.Pattern[str], done: str) -> None:
    """Opens the dialog, agrees, and waits until the page says that it is done."""
    page.get_by_role("button", name=opener).first.click()
    page.get_by_role("dialog").get_by_role("button", name=does).click()
    page.wait_for_url(re.compile(rf"done={done}$"))


def previewed(page: Page, dataset: str) -> None:
    """Tries the policy of the page on the dataset's newest images."""
    page.get_by_role("combobox", name="Dataset").select_option(dataset)
    page.get_by_role("spinbutton", name="Newest images").fill("5")
    page.get_by_role("button", name="Preview", exact=True).click()
    page.wait_for_url(re.compile(r"/policies/previews/"))
    expect(page.get_by_role("heading", name="Image by image")).to_be_visible(timeout=WAIT_MS)


def test_a_policy_is_written_tried_approved_put_in_effect_and_gone_back_from(
    house: House, seat: Seat
) -> None:
    author, second = house.officer, house.installation.enrol("officer")
    dataset = create_dataset(author, "policies in the browser")
    settled(house.uploader, upload(house.uploader, dataset, plate_png()))
    page = seat(author)

    # A fault is told by its line while it is typed; the form's field mends the same line of the YAML.
    page.goto("/policies/new?from=street")
    source = page.get_by_role("textbox", name="The same as YAML")
    source.fill(source.input_value().replace("grow: 0.15", "grow: 1.4").replace("name: street", "name: quay"))
    line = source.input_value().splitlines().index("    grow: 1.4") + 1
    expect(page.locator("#mend")).to_contain_text(f"Line {line}")
    expect(page.locator("#mend")).to_contain_text("write at most 1")
    margin = page.get_by_role("group", name="Plates").get_by_label("Margin, share of box")
    expect(margin).to_have_value("1.4")
    looked_at(page, "policies-fault")
    margin.fill("0.5")
    expect(source).to_have_value(re.compile(r"\n    grow: 0\.5\n"))
    expect(page.locator("#verdict")).to_have_text("Valid")
    looked_at(page, "policies-editor")
    page.get_by_role("button", name="Save as draft").click()
    page.wait_for_url(SAVED)
    policy = path_of(page)

    # Tried on the dataset's image: a wider margin, told in numbers and drawn over an empty frame.
    previewed(page, dataset)
    expect(page.get_by_role("img", name=re.compile("^Under quay 1"))).to_have_count(1)
    looked_at(page, "policies-preview")

    # Its author hands it over, sees no button to approve it, and is refused by whatever way.
    page.goto(policy)
    confirmed(page, "Submit for approval", "Submit quay 1", "submitted")
    expect(page.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)
    token = page.locator('meta[name="privgate-token"]').get_attribute("content")
    refused = page.request.post(
        f"{policy}/approve", headers={"X-Privgate-Token": token or "", "Origin": house.installation.url}
    )
    assert refused.status == 403
    assert "policy.own" in refused.text()

    # Another officer approves, and puts it in effect knowing what happens to whom.
    other = seat(second)
    other.goto(policy)
    looked_at(other, "policies-approval")
    confirmed(other, "Approve quay 1", "Approve quay 1", "approved")
    entry = other.get_by_role("listitem").filter(has_text="policies in the browser")
    entry.get_by_role("link", name="Put in effect…").click()
    expect(other.get_by_text("may hide less than it does")).to_be_visible()
    looked_at(other, "policies-effect")
    other.get_by_role("button", name="Put quay 1 in effect").click()
    other.wait_for_url(re.compile("done=applied$"))

    # The copies follow, with progress to the end.
    confirmed(other, re.compile("anew$"), re.compile("anew$"), "rederiving")
    expect(other.get_by_text("Made anew", exact=True)).to_be_visible(timeout=WAIT_MS)
    expect(other.locator("#rederivation")).to_contain_text("1 of 1")
    looked_at(other, "policies-rederived")

    # The way back is previewed, asked for by one, and gone by the other.
    other.goto("/policies/street")
    previewed(other, dataset)
    other.goto(f"/policies/datasets/{dataset}")
    other.get_by_role("link", name="Go back to it…").click()
    other.get_by_role("button", name="Ask to go back to street").click()
    other.wait_for_url(re.compile("done=asked$"))
    expect(other.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)
    page.goto(f"/policies/datasets/{dataset}")
    looked_at(page, "policies-way-back")
    confirmed(page, "Approve, and go back", "Go back to street", "back")
    expect(page.get_by_role("row").nth(1)).to_contain_text("roll back")


def test_the_overview_and_the_editor_hold_on_a_tablet_in_the_dark(house: House, seat: Seat) -> None:
    page = seat(house.officer, viewport=TABLET, color_scheme="dark")
    for path, name in (
        ("/policies", "overview"),
        ("/policies/strict", "preset"),
        ("/policies/new", "editor"),
    ):
        page.goto(path)
        looked_at(page, f"policies-{name}-tablet-dark")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_an_auditor_reads_policies_and_finds_no_act(house: House, seat: Seat) -> None:
    page = seat(house.auditor)
    page.goto("/policies/strict")
    expect(page.get_by_text("HIPAA 45 CFR 164.514(b)(2)(i)(L)").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Approve|Preview|Retire"))).to_have_count(0)
    looked_at(page, "policies-auditor")
