"""The door in a browser: setting a gateway up, going out and in again, with the keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Browser

from tests.support.browser import context, looked_at
from tests.support.gateway import Installation
from tests.support.processes import wait_until

PASSWORD = "four unrelated words here"


def test_the_first_officer_sets_the_gateway_up_and_comes_back(apart: Installation, chromium: Browser) -> None:
    apart.privgate("keys", "create")
    server = apart.serve()
    found = wait_until(lambda: re.search(r"with the code ([A-Z2-7-]{19})", server.text), "the set-up code")
    with context(chromium, apart.url) as (opened, _):
        page = opened.new_page()
        page.goto("/")
        looked_at(page, "set-up")
        page.get_by_label("Set-up code").fill(found[1])
        page.get_by_label("Your name").fill("Ines Varga")
        page.get_by_label("User name").fill("i.varga")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Make the account").click()
        page.wait_for_url("**/home")
        page.goto("/account")
        assert page.get_by_role("definition").filter(has_text="Ines Varga").is_visible()
        looked_at(page, "account")
        page.get_by_role("button", name="Ines Varga").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in?why=out")
        looked_at(page, "sign-in")
        # The user name has the focus from the start: no pointer is needed.
        page.keyboard.type("i.varga")
        page.keyboard.press("Tab")
        page.keyboard.type("not the right words")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        looked_at(page, "sign-in-refused")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/home")
        assert page.goto("/set-up") is not None
        page.wait_for_url("**/home")  # by way of the door: there is nothing to set up any more
