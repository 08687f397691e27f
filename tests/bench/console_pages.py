"""How quick the console is with 10,000 images and 1,000,000 entries: each page's p50 and p95, its size, and
when it can be used.

    python -m tests.bench.console_pages [--backend sqlite|postgresql] [--data DIR] [--verify]

Builds the installation (see `large_log`: real entries, written in bulk) unless DIR holds one, starts the real
server on it, signs in for every role and asks each page in turn. Times are those of a client beside the
server, one request after another; sizes and the time to interactive are Chromium's, with an empty cache.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, Page, sync_playwright

from gateway import installation
from gateway.services.accounts import create_account
from gateway.settings import Settings, models_folder
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from policies.access import Role
from tests.bench.console_paths import Measured, Things, pages, person_of, things
from tests.bench.large_installation import build
from tests.support import browser
from tests.support.gateway import Installation
from tests.support.postgres import postgres_server

PASSWORD = "a measured password"  # of accounts that live as long as this run
LOADS = 3  # of a page in the browser, each with an empty cache


@dataclass(frozen=True)
class Result:
    """times: seconds. cpu: the server's own, a request: what a busy machine leaves as it is.

    size: compressed bytes of the page and its css and js. ready: ms to DOMContentLoaded.
    """

    page: Measured
    status: int
    times: list[float]
    cpu: float
    size: int
    ready: float

    def line(self) -> str:
        p50, p95 = statistics.median(self.times) * 1000, quantile(self.times, 0.95) * 1000
        amiss = "" if self.status == 200 else f"  {self.status}"
        return (
            f"{self.page.role:10} {self.page.name:20} {p50:8.0f} {p95:8.0f} {self.cpu * 1000:8.1f} "
            f"{self.size / 1000:8.1f} {self.ready:8.0f}{amiss}"
        )


def quantile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def main() -> None:
    options = _options()
    with contextlib.ExitStack() as stack:
        root = options.data or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="privgate-bench-"))
        )
        database = None
        if options.backend == "postgresql":
            database = stack.enter_context(postgres_server()).create("bench")
        if database is not None or not (root / "data" / "keys").exists():
            build(root / "data", database=database, assets=options.assets, entries=options.entries)
        extra = {} if database is None else {"PRIVGATE_DATABASE": database}
        here = Installation(root, models_folder({**extra, "HOME": str(Path.home())}), extra)
        stack.callback(here.stop)
        found = _accounts(here)
        server = here.serve().popen.pid
        here.start("sequencer")
        print(f"{options.backend}, {options.requests} requests a page\n{HEAD}", flush=True)
        for result in _measure(here, server, found, options):
            print(result.line(), flush=True)
        if options.verify:
            _while_verifying(here)


HEAD = f"{'role':10} {'page':20} {'p50 ms':>8} {'p95 ms':>8} {'cpu ms':>8} {'kB gz':>8} {'ready':>8}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--data", type=Path, help="where the installation is, or is to be made; kept")
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--only", default="", help="roles, by commas")
    parser.add_argument("--verify", action="store_true", help="the explorer again while the log is verified")
    return parser.parse_args()


def _accounts(here: Installation) -> Things:
    """An account for one person of each role; gives what their pages will show."""
    settings = Settings.read(here.environment)
    database: Database = installation.open_database(settings)
    try:
        with database.engine.connect() as connection:
            people = {role: person_of(connection, role.value) for role in Role}
            found = things(connection, people[Role.UPLOADER])
            there = {row[0] for row in connection.exec_driver_sql("SELECT login FROM account")}
        for role, person in people.items():
            if role.value not in there:
                create_account(
                    database,
                    role=role,
                    name=None,
                    login=role.value,
                    password=PASSWORD,
                    clock=utc_now,
                    person_id=person,
                )
    finally:
        database.close()
    return found


def _measure(here: Installation, server: int, found: Things, options: argparse.Namespace) -> Iterator[Result]:
    roles = options.only.split(",") if options.only else None
    wanted = [page for page in pages(found) if roles is None or page.role in roles]
    with sync_playwright() as playwright:
        chromium = browser.launch(playwright)
        for role in dict.fromkeys(page.role for page in wanted):
            with _signed_in(chromium, here, role) as (context, http):
                for page in (one for one in wanted if one.role == role):
                    yield _of_page(context, http, page, options.requests, server)


@contextlib.contextmanager
def _signed_in(
    chromium: object, here: Installation, role: str
) -> Iterator[tuple[BrowserContext, httpx.Client]]:
    with contextlib.suppress(AssertionError), browser.context(chromium, here.url) as (context, _):  # type: ignore[arg-type]
        page = context.new_page()
        browser.sign_in(page, role, PASSWORD)
        page.close()
        cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
        headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
        with httpx.Client(
            base_url=here.url, cookies=cookies, headers=headers, timeout=300, trust_env=False
        ) as http:
            yield context, http


def _of_page(
    context: BrowserContext, http: httpx.Client, page: Measured, requests: int, server: int
) -> Result:
    times, status = [], 200
    used = _cpu(server)
    for number in range(requests):
        began = time.perf_counter()
        try:
            answer = http.get(page.paths[number % len(page.paths)])
        except httpx.TransportError:  # the server ends a connection on which it failed
            answer = http.get(page.paths[number % len(page.paths)])
        times.append(time.perf_counter() - began)
        if answer.status_code != 200:
            return Result(page, answer.status_code, times, 0.0, 0, 0.0)
    used = (_cpu(server) - used) / requests
    size, ready = _in_browser(context, page.paths[0])
    return Result(page, status, times, used, size, ready)


def _cpu(process: int) -> float:
    """Seconds of processor time that a process has used (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _in_browser(context: BrowserContext, path: str) -> tuple[int, float]:
    """Bytes, and the median of LOADS times from the navigation to DOMContentLoaded, scripts run."""
    ready, size = [], 0
    for _ in range(LOADS):
        page = context.new_page()
        client = context.new_cdp_session(page)
        client.send("Network.enable")
        client.send("Network.setCacheDisabled", {"cacheDisabled": True})
        page.goto(path)
        ready.append(float(page.evaluate(_READY)))
        size = _compressed(page)
        page.close()
    return size, statistics.median(ready)


_READY = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def _compressed(page: Page) -> int:
    """As they would travel compressed, whether the server did so or not."""
    urls = [url for url in browser.sizes(page) if url.startswith("http")]
    bodies = [page.request.get(url).body() for url in urls]
    return sum(len(gzip.compress(body, 6)) for body in bodies)


def _while_verifying(here: Installation) -> None:
    """The explorer's times while the whole log is read beside it."""
    with sync_playwright() as playwright:
        chromium = browser.launch(playwright)
        with _signed_in(chromium, here, "auditor") as (context, http):
            page = context.new_page()
            page.goto("/audit")
            page.get_by_role("button", name="Verify now").click()
            page.wait_for_url("**/audit/checks/*")
            began, times = time.monotonic(), []
            while not page.locator(".verdict").count() and time.monotonic() - began < 600:
                start = time.perf_counter()
                http.get("/audit").raise_for_status()
                times.append(time.perf_counter() - start)
                page.wait_for_timeout(200)
            said = " ".join(page.locator("main").inner_text().split())
            p50, p95 = statistics.median(times) * 1000, quantile(times, 0.95) * 1000
            print(f"while verifying: {len(times)} looks at /audit, p50 {p50:.0f} ms, p95 {p95:.0f} ms")
            print(f"  it took {time.monotonic() - began:.0f} s: {said[:600]}")


if __name__ == "__main__":
    main()
