"""Whoever runs the installation sees that a store cannot be reached, and since when."""

from __future__ import annotations

from datetime import timedelta

from gateway.store.ledger import utc_now
from gateway.store.queries import outages
from gateway.web.metrics import Installation
from policies.access import Role
from tests.gateway.web.console.conftest import House

PAGES = ("/health", "/queues")
SAID = "Workers have not reached <b>copies</b> since"


def seconds_away(house: House) -> dict[str, float]:
    """The metric, by part."""
    found = [
        sample
        for metric in Installation(house.database, utc_now).collect()
        if metric.name == "privgate_vault_away_seconds"
        for sample in metric.samples
    ]
    return {sample.labels["part"]: sample.value for sample in found}


def test_an_outage_is_on_the_operators_pages_and_among_the_metrics_while_it_lasts(house: House) -> None:
    _, browser = house.signed_in(Role.OPERATOR)
    with house.database.unit() as unit:
        outages.begin(unit.session, "copies", now=utc_now() - timedelta(hours=2))
    for page in PAGES:
        assert SAID in browser.get(page).text
    away = seconds_away(house)
    assert away["copies"] >= 7_200
    assert (away["originals"], away["keys"]) == (0.0, 0.0)
    with house.database.unit() as unit:
        assert outages.end(unit.session, "copies")
    for page in PAGES:
        assert SAID not in browser.get(page).text
    assert set(seconds_away(house).values()) == {0.0}
