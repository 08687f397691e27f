"""Policies for those who answer for them: versions, what is under which, who wrote, who decided, who waits.

Reading only. Names of people are looked up in the erasable table: the log and the proposals hold ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from gateway.errors import NotFound
from gateway.imaging.strokes import REVISION
from gateway.services.authorize import authorize
from gateway.services.one_person import to_vouch
from gateway.services.policies import PolicyView, view_of
from gateway.services.policy_refs import Found, find
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.policy_records import RollbackRecord, UnderRecord
from gateway.store.queries import (
    accounts,
    datasets,
    people,
    policies,
    policy_history,
    policy_previews,
    rederivations,
)
from gateway.store.records import DatasetRecord, PreviewRecord
from policies.access import INSTALLATION, Action, Principal, Resource
from policies.approval import PolicyState
from policies.policy import load_policy, preset_names

PREVIEWS = 5
"""The newest ones of a version that its page shows."""


@dataclass(frozen=True, slots=True)
class Version:
    """number: among the uploaded ones of the same name, in the order in which they were written; None for a
    preset. author, decided_by: names, or ids where a name was erased. datasets: those under it now."""

    view: PolicyView
    number: int | None
    author: str | None
    decided_by: str | None
    datasets: tuple[DatasetRecord, ...]

    @property
    def label(self) -> str:
        return self.view.policy.name if self.number is None else f"{self.view.policy.name} {self.number}"

    @property
    def ended(self) -> bool:
        return self.view.state in (PolicyState.REJECTED, PolicyState.RETIRED)


@dataclass(frozen=True, slots=True)
class WaitingRollback:
    """A request to go back, with names."""

    record: RollbackRecord
    dataset: DatasetRecord
    label: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class Under:
    """A line of a dataset's history. reference: by which it can be gone back to; None where it cannot."""

    record: UnderRecord
    label: str
    put_by: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class DatasetPolicyState:
    """stale: images whose newest copy is of another version, withdrawn, unprovable or outdated.
    outdated: those of them whose copies show finer cells than are made now.
    """

    dataset: DatasetRecord
    current: Version | None
    history: tuple[Under, ...]
    rollback: WaitingRollback | None
    stale: int
    outdated: int


class PolicyOverview:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def versions(self, principal: Principal) -> list[Version]:
        """The presets, then the uploaded ones, the newest first. Raises AccessDenied."""
        authorize(self._database, principal, Action.POLICY_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return _Reading(session).versions()

    def version(self, principal: Principal, reference: str) -> tuple[Version, list[PreviewRecord]]:
        """One of them by a preset's name or an id, and its newest previews. Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            found = find(session, reference)
            author = None if found.proposal is None else found.proposal.author_id
        resource = Resource("Policy", found.id, author=author)
        authorize(self._database, principal, Action.POLICY_READ, resource, now=self._clock())
        with self._database.reading() as session:
            previews = policy_previews.latest(session, found.version, limit=PREVIEWS)
            return _Reading(session).version(find(session, reference)), previews

    def waiting_rollbacks(self, principal: Principal) -> list[WaitingRollback]:
        """Raises AccessDenied."""
        authorize(self._database, principal, Action.POLICY_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            reading = _Reading(session)
            return [reading.rollback(one) for one in policy_history.waiting(session)]

    def dataset(self, principal: Principal, dataset_id: str) -> DatasetPolicyState:
        """What a dataset is and was under. Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        authorize(self._database, principal, Action.POLICY_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return _Reading(session).dataset(dataset_id)

    def to_vouch(self, principal: Principal, authors: Iterable[str]) -> dict[str, str]:
        """Those of the authors who may be the principal by another account, each with the user name, or the
        id, of whom the operator would vouch for. Raises AccessDenied."""
        authorize(self._database, principal, Action.POLICY_LIST, INSTALLATION, now=self._clock())
        others = set(authors) - {principal.id}
        with self._database.reading() as session:
            found = {author: to_vouch(session, principal.id, author) for author in others}
            return {author: _login(session, whom) for author, whom in found.items() if whom is not None}

    def names(self, principal: Principal, ids: Iterable[str]) -> dict[str, str]:
        """Of people whose acts on policies are shown. Raises AccessDenied."""
        authorize(self._database, principal, Action.POLICY_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return {person: people.name_of(session, person) or person for person in set(ids)}


def _login(session: Session, person_id: str) -> str:
    account = accounts.of_person(session, person_id)
    return person_id if account is None else account.login


class _Reading:
    """One look at the store; what several lines need is read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: dict[str, str] = {}
        self._numbers: dict[str, int] | None = None
        self._datasets = datasets.all_datasets(session)
        self._presets = {load_policy(name).version: name for name in preset_names()}

    def versions(self) -> list[Version]:
        ids = [*preset_names(), *(one.id for one in policies.all_proposals(self._session))]
        return [self.version(find(self._session, reference)) for reference in ids]

    def version(self, found: Found) -> Version:
        view, proposal = view_of(self._session, found), found.proposal
        return Version(
            view,
            number=None if proposal is None else self._number(found.id),
            author=self.name(None if proposal is None else proposal.author_id),
            decided_by=self.name(None if proposal is None else proposal.decided_by),
            datasets=tuple(one for one in self._datasets if one.policy_version == found.version),
        )

    def rollback(self, record: RollbackRecord) -> WaitingRollback:
        return WaitingRollback(
            record,
            datasets.get(self._session, record.dataset_id),
            self.label(record.version),
            self.name(record.asked_by) or record.asked_by,
        )

    def dataset(self, dataset_id: str) -> DatasetPolicyState:
        dataset = datasets.get(self._session, dataset_id)
        waiting = policy_history.waiting(self._session, dataset_id=dataset_id)
        current = self._reference(dataset.policy_version)
        stale = rederivations.stale_in(
            self._session, dataset_id, version=dataset.policy_version, revision=REVISION
        )
        return DatasetPolicyState(
            dataset,
            current=None if current is None else self.version(find(self._session, current)),
            history=tuple(self._under(one, dataset) for one in policy_history.of(self._session, dataset_id)),
            rollback=self.rollback(waiting[0]) if waiting else None,
            stale=stale,
            outdated=rederivations.outdated_in(self._session, dataset_id, revision=REVISION) if stale else 0,
        )

    def label(self, version: str) -> str:
        """What people call a stored version; the head of its digest where nothing names it any more."""
        reference = self._reference(version)
        if reference is not None:
            return self.version(find(self._session, reference)).label
        try:
            name = policies.load(self._session, version).name
        except NotFound:
            name = "unknown"
        return f"{name} {version.removeprefix('sha256:')[:6]}"

    def name(self, person_id: str | None) -> str | None:
        if person_id is None:
            return None
        if person_id not in self._names:
            self._names[person_id] = people.name_of(self._session, person_id) or person_id
        return self._names[person_id]

    def _under(self, record: UnderRecord, dataset: DatasetRecord) -> Under:
        reference = self._reference(record.version)
        same = record.version == dataset.policy_version
        return Under(
            record, self.label(record.version), self.name(record.put_by), None if same else reference
        )

    def _reference(self, version: str) -> str | None:
        """A preset's name, or the id of the proposal of this version that has not ended."""
        if version in self._presets:
            return self._presets[version]
        proposal = policies.of_version(self._session, version)
        return None if proposal is None else proposal.id

    def _number(self, policy_id: str) -> int:
        if self._numbers is None:
            self._numbers, seen = {}, Counter[str]()
            for one in reversed(policies.all_proposals(self._session)):
                name = policies.load(self._session, one.version).name
                seen[name] += 1
                self._numbers[one.id] = seen[name]
        return self._numbers[policy_id]
