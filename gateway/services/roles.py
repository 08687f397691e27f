"""What a person is here for, and that they are here no more: another role, and the name that is erased.

Both begin with the same: they lay down all that they have. A new role begins with nothing, so that nobody
takes along what they were given for other work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import Conflict, NotFound
from gateway.services import giving
from gateway.services.people import CONSOLE
from gateway.services.ports import Clock
from gateway.store.database import Database, Unit
from gateway.store.queries import (
    accounts,
    assets,
    grants,
    groups,
    locks,
    people,
    resets,
    reviews,
    sessions,
    tasks,
    workforce,
)
from policies.access import Role
from policies.review import ReviewState


@dataclass(frozen=True, slots=True)
class LaidDown:
    """How many sessions and tokens ended, grants were taken back, tasks and reviews are others' again."""

    sessions: int
    tokens: int
    grants: int
    tasks: int
    reviews: int


def change_role(
    database: Database, person_id: str, role: Role, *, clock: Clock, by: str = CONSOLE
) -> LaidDown:
    """They sign in anew, in another role, and begin with no token, grant, task or review.

    Raises NotFound, and Conflict for oneself, for the role that they have, for the last officer, and for
    one to be an officer whose password was set by an officer's link.
    """
    _check_other(person_id, by)
    with database.unit() as unit:
        now = clock()
        old = held_role(unit, person_id)
        if old is role:
            raise Conflict(f"{person_id} is {role.value} already; nothing was changed")
        if role is Role.OFFICER and by != CONSOLE:
            _check_own_password(unit, person_id)
        given = _grants(unit, person_id, by=by, now=now)
        people.set_role(unit.session, person_id, role)
        laid = _lay_down(unit, person_id, given, by=by, now=now)
        unit.ledger.record(
            actor=by,
            action="person.role_changed",
            subject=person_id,
            old=old.value,
            new=role.value,
            **_told(laid),
        )
    return laid


def erase_name(database: Database, person_id: str, *, clock: Clock, by: str = CONSOLE) -> LaidDown:
    """Name, user name and password hash go, for good; what they did stays on the log under their id.

    Raises NotFound, and Conflict for oneself, for the last officer, and where neither name nor account is.
    """
    _check_other(person_id, by)
    with database.unit() as unit:
        now = clock()
        held_role(unit, person_id)
        given = _grants(unit, person_id, by=by, now=now)
        laid = _lay_down(unit, person_id, given, by=by, now=now)
        accounts.end_invitations(unit.session, person_id, now=now)
        named = people.erase_name(unit.session, person_id)
        account = accounts.erase(unit.session, person_id)
        if not (named or account):
            raise Conflict(f"{person_id} is an id and nothing else already; nothing was changed")
        unit.ledger.record(actor=by, action="person.erased", subject=person_id, **_told(laid))
    return laid


def _check_other(person_id: str, by: str) -> None:
    if person_id == by:
        raise Conflict("nobody does this to themselves: another officer can. Nothing was changed")


def _check_own_password(unit: Unit, person_id: str) -> None:
    """An officer who used such a link themselves would be two officers. Raises Conflict."""
    if resets.last_offered_by(unit.session, person_id) not in (None, CONSOLE):
        raise Conflict(
            f"the password of {person_id} was set by an officer's link: only the operator makes them an "
            "officer, with `privgate accounts role`. Nothing was changed"
        )


def held_role(unit: Unit, person_id: str) -> Role:
    """Their role. Raises NotFound, and Conflict where nobody else could do an officer's work."""
    locks.wait_for(unit.session, locks.Task.OFFICERS)  # of two who demote each other, one comes second
    role = people.role_of(unit.session, person_id)
    if role is None:
        raise NotFound(f"person {person_id} does not exist")
    if role is Role.OFFICER and not accounts.is_another_able(unit.session, role, person_id):
        raise Conflict(f"{person_id} is the last officer who can act; make another one first")
    return role


def _grants(unit: Unit, person_id: str, *, by: str, now: datetime) -> int:
    """Takes back what they were given, and them out of their groups: those would go on giving.

    Before the person is held: a delivery holds a grant first, and then whoever it is for.
    """
    for group_id, _ in sorted(workforce.groups_of(unit.session, person_id)):
        groups.hold(unit.session, group_id)
        taken = groups.open_member_grants(unit.session, group_id=group_id, person_id=person_id)
        groups.remove_member(unit.session, group_id, person_id)
        unit.ledger.record(
            actor=by, action="group.left", subject=group_id, person=person_id, grants=len(taken)
        )
    working = grants.working(unit.session, person_id, now=now)
    for grant_id in working:
        giving.take_back(unit, grant_id, by=by, now=now)
    return len(working)


def _lay_down(unit: Unit, person_id: str, given: int, *, by: str, now: datetime) -> LaidDown:
    tokens = people.working_tokens(unit.session, person_id)
    for token_id in tokens:
        people.revoke_token(unit.session, token_id, now=now)
        unit.ledger.record(actor=by, action="token.revoked", subject=token_id)
    resets.end_all(unit.session, person_id, now=now)
    return LaidDown(
        sessions=sessions.end_all(unit.session, person_id, now=now),
        tokens=len(tokens),
        grants=given,
        tasks=tasks.give_back_of_person(unit.session, person_id),
        reviews=sum(
            _unassign(unit, person_id, asset_id, review_id)
            for asset_id, review_id in reviews.assigned_to(unit.session, person_id)
        ),
    )


def _unassign(unit: Unit, person_id: str, asset_id: str, review_id: str) -> bool:
    """Frees one review, unless they decided it meanwhile."""
    assets.get(unit.session, asset_id, hold=True)  # which every act on a review holds first
    review = reviews.get(unit.session, review_id)
    if review.state is not ReviewState.ASSIGNED or review.assigned_to != person_id:
        return False
    reviews.unassign(unit.session, review_id)
    return True


def _told(laid: LaidDown) -> dict[str, int]:
    return {
        "sessions": laid.sessions,
        "tokens": laid.tokens,
        "grants": laid.grants,
        "tasks": laid.tasks,
        "reviews": laid.reviews,
    }
