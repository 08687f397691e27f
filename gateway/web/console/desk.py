"""The services behind the pages of those who govern and run the installation, put together once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import Request

from gateway import installation
from gateway.detection.models import ModelStore
from gateway.services.asset_survey import AssetSurvey
from gateway.services.doctor import keys, machine, work
from gateway.services.estate import Estate
from gateway.services.find import Finder
from gateway.services.findings import Check
from gateway.services.overview import Overviews
from gateway.services.readiness import Readiness
from gateway.services.vault_state import Vault
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.store.queries import log
from gateway.version import VERSION


@dataclass(frozen=True, slots=True)
class Desk:
    overviews: Overviews
    survey: AssetSurvey
    estate: Estate
    vault: Vault
    finder: Finder


def put_together(settings: Settings, database: Database, readiness: Readiness) -> Desk:
    """What these pages need; opens no key."""
    return Desk(
        overviews=Overviews(database, utc_now),
        survey=AssetSurvey(database, utc_now),
        estate=Estate(
            database,
            utc_now,
            readiness=readiness,
            checks=lambda: _checks(settings, database),
            models=ModelStore(settings.models),
        ),
        vault=Vault(
            database,
            utc_now,
            folder=settings.keys,
            readiness=readiness,
            log_key=lambda: installation.checkpoint_verifier(settings).to_text(),
        ),
        finder=Finder(database, utc_now),
    )


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _checks(settings: Settings, database: Database) -> Iterator[tuple[str, Check]]:
    """Of the doctor's, those that cost little: no file is hashed, nothing is written, no host is asked."""
    with database.reading() as session:
        stored = log.last_checkpoint(session)
    note = stored.note if stored else None
    yield "versions", lambda: machine.versions(VERSION)
    yield "disk", lambda: machine.disk(settings.data, "data")
    yield "keys", lambda: keys.log_key(installation.log_keys(settings).load)
    yield (
        "keys",
        lambda: keys.checkpoint_pair(None, lambda: installation.checkpoint_verifier(settings), note),
    )
    yield "jobs", lambda: work.jobs(database, utc_now())
    yield "sequencer", lambda: work.sequencer(database, utc_now())
