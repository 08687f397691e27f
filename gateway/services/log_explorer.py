"""Looking into the log: searches, one entry with its proof, the checkpoints.

A search is an entry itself: whoever looks for a person or an image leaves a trace of that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audit.checkpoint import Checkpoint
from audit.note import CheckpointVerifier
from gateway.errors import NotFound
from gateway.services.authorize import authorize
from gateway.services.log_proofs import Consistency, Inclusion, Signed, consistency, inclusion, opened
from gateway.services.outside_file import Agreement, OutsideFile
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.log_terms import Filter, mentions, microseconds
from gateway.store.queries import log_checkpoints, log_search, names
from gateway.store.queries.log_search import Found, ListedEntry, Place
from gateway.store.queries.names import Known
from policies.access import INSTALLATION, Action, Principal

PAGE: Final = 50
CHECKPOINTS: Final = 50
SEARCHED: Final = "audit.searched"
NAMESAKES: Final = 20
"""People shown to choose from, where several have the name that was asked for."""


@dataclass(frozen=True, slots=True)
class Searched:
    """people: those whom the entries name, as far as they are known."""

    found: Found
    people: dict[str, Known]


@dataclass(frozen=True, slots=True)
class OneEntry:
    """An entry of the tree. proof: None where no checkpoint covers it yet. signed: the newest checkpoint."""

    listed: ListedEntry
    signed: Signed | None
    proof: Inclusion | None
    people: dict[str, Known]
    last: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint, and what the file outside the database says of it; None where its note is not ours."""

    signed: Signed
    agreement: Agreement | None


@dataclass(frozen=True, slots=True)
class Checkpoints:
    kept: tuple[Kept, ...]
    older: int | None
    newer: int | None


class LogExplorer:
    """key: the log's public key. outside: the file of checkpoints, or None."""

    def __init__(
        self, database: Database, key: CheckpointVerifier, outside: Path | None, clock: Clock
    ) -> None:
        self._database = database
        self._key = key
        self._outside = OutsideFile(outside, key)
        self._clock = clock

    @property
    def key_text(self) -> str:
        """The public key in C2SP signed-note form."""
        return self._key.to_text()

    def people_called(self, principal: Principal, text: str) -> list[Known]:
        """Whom a filter may mean: by id, or by the beginning of a name. Raises AccessDenied."""
        self._authorize(principal)
        with self._database.reading() as session:
            return names.called(session, text, limit=NAMESAKES)

    def people(self, principal: Principal, ids: Collection[str]) -> dict[str, Known]:
        """Those of the ids that are people's. Raises AccessDenied."""
        self._authorize(principal)
        with self._database.reading() as session:
            return names.of(session, ids)

    def search(
        self,
        principal: Principal,
        wanted: Filter,
        *,
        before: Place | None = None,
        after: Place | None = None,
    ) -> Searched:
        """A page of entries, the newest first. Raises AccessDenied, LedgerUnavailable."""
        self._authorize(principal)
        if before is None and after is None:
            self._record(principal, wanted)
        with self._database.reading() as session:
            found = log_search.page(session, wanted, before=before, after=after, limit=PAGE)
            return Searched(found, names.of(session, _ids(found.entries)))

    def entry(self, principal: Principal, index: int) -> OneEntry:
        """Raises AccessDenied, NotFound."""
        self._authorize(principal)
        with self._database.reading() as session:
            listed = log_search.at_index(session, index)
            last = log_search.newest_index(session)
            if listed is None or last is None:
                raise NotFound(f"the log has no entry {index}")
            noted = log_checkpoints.newest(session)
            signed = None if noted is None else opened(noted, self._key)
            proof = None
            if signed is not None and signed.checkpoint is not None and signed.checkpoint.size > index:
                proof = inclusion(session, index, listed.text, signed.checkpoint)
            return OneEntry(listed, signed, proof, names.of(session, _ids([listed])), last)

    def checkpoints(
        self, principal: Principal, *, below: int | None = None, above: int | None = None
    ) -> Checkpoints:
        """Signed notes, the largest first, each held against the outside file. Raises AccessDenied."""
        self._authorize(principal)
        with self._database.reading() as session:
            noted = log_checkpoints.page(session, below=below, above=above, limit=CHECKPOINTS + 1)
        more, noted = len(noted) > CHECKPOINTS, noted[-CHECKPOINTS:] if above else noted[:CHECKPOINTS]
        kept = tuple(self._kept(opened(one, self._key)) for one in noted)
        if not kept:
            return Checkpoints((), None, None)
        first, last = kept[0].signed.size, kept[-1].signed.size
        if above is not None:
            return Checkpoints(kept, last, first if more else None)
        return Checkpoints(kept, last if more else None, None if below is None else first)

    def consistency(self, principal: Principal, old: int, new: int) -> Consistency:
        """Raises AccessDenied, NotFound where there is no checkpoint of ours of one of the sizes."""
        self._authorize(principal)
        old, new = sorted((old, new))
        with self._database.reading() as session:
            pair = []
            for size in (old, new):
                noted = log_checkpoints.of_size(session, size)
                signed = None if noted is None else opened(noted, self._key)
                if signed is None or signed.checkpoint is None:
                    raise NotFound(f"there is no checkpoint of {size} entries that the log's key has signed")
                pair.append(signed.checkpoint)
            return consistency(session, *pair)

    def _kept(self, signed: Signed) -> Kept:
        return Kept(signed, self._agreement(signed.checkpoint))

    def _agreement(self, checkpoint: Checkpoint | None) -> Agreement | None:
        return None if checkpoint is None else self._outside.agrees(checkpoint)

    def _authorize(self, principal: Principal) -> None:
        authorize(self._database, principal, Action.AUDIT_READ, INSTALLATION, now=self._clock())

    def _record(self, principal: Principal, wanted: Filter) -> None:
        """Who looks for nothing in particular leaves no entry: the newest page is every visit's first."""
        if wanted == Filter():
            return
        asked: dict[str, str | int] = {}
        if wanted.actor is not None:
            asked["person"] = wanted.actor
        if wanted.action is not None:
            asked["act"] = wanted.action
        if wanted.since is not None:
            asked["since"] = microseconds(wanted.since) // 1_000_000
        if wanted.until is not None:
            asked["until"] = microseconds(wanted.until) // 1_000_000
        subject = wanted.about or INSTALLATION.id
        with self._database.unit() as unit:
            unit.ledger.record(actor=principal.id, action=SEARCHED, subject=subject, **asked)


def _ids(entries: Iterable[ListedEntry]) -> set[str]:
    """All that may be people's: who acted, and whom the entries speak of."""
    read = [listed.entry for listed in entries if listed.entry is not None]
    return {entry.actor for entry in read}.union(*(mentions(entry) for entry in read))
