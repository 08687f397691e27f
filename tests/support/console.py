"""A person's browser at the console, without a browser: cookies, the page's token, and the headers of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any

import httpx
from starlette.types import ASGIApp

from tests.gateway.web.asgi import ask

PASSWORD = "four unrelated words here"

_TOKEN = re.compile(r'<meta name="privgate-token" content="([^"]+)">')

_FETCHED = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


class Browser:
    """Keeps cookies from answer to answer, as long as they say."""

    def __init__(self, app: ASGIApp, *, url: str = "http://127.0.0.1:8080") -> None:
        self.app = app
        self.url = url
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, headers={**_FETCHED, **_spelt(headers)})

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """A form of ours, with the token that the last page had."""
        return self.send("POST", path, data=dict(form or {}), headers={**_FETCHED, **_spelt(headers)})

    def act(self, path: str, form: Mapping[str, str] | None = None) -> httpx.Response:
        """A form of a page for somebody who is signed in."""
        return self.post(path, {**(form or {}), "token": self.token()})

    def send(self, method: str, path: str, *, headers: Mapping[str, str], **options: Any) -> httpx.Response:
        sent = {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        answer = ask(self.app, method, f"{self.url}{path}", headers=sent, **options)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def token(self) -> str:
        """Of a fresh page."""
        found = _TOKEN.search(self.get("/account").text)
        assert found is not None, "nobody is signed in"
        return found[1]

    def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/sign-in", {"login": login, "password": password})


def _spelt(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
