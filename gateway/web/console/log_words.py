"""The log in words: what each code means to a person, and what an entry's details say.

A code that is not listed is shown as its own words: a later release's entries are still to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from audit.entry import Entry
from gateway.store.queries.names import Known

RECEIVED, PROCESSING, REVIEW, RELEASED, QUARANTINED = (
    "received",
    "processing",
    "needs_review",
    "released",
    "quarantined",
)


@dataclass(frozen=True, slots=True)
class Act:
    """words: what was done. icon: of parts/icons.html. state: a timeline's colour. bad: held, denied."""

    words: str
    icon: str = "dots"
    state: str = RECEIVED
    bad: bool = False


ACTS: Final[Mapping[str, Act]] = {
    "asset.received": Act("Original sealed", "in"),
    "asset.duplicate": Act("Same bytes brought again", "copy"),
    "asset.released": Act("Released", "check", RELEASED),
    "asset.needs_review": Act("Sent to review", "eye", REVIEW),
    "asset.quarantined": Act("Quarantined", "shield", QUARANTINED, bad=True),
    "asset.requeued": Act("Put through again", "cycle", PROCESSING),
    "review.opened": Act("Review opened", "queue", REVIEW),
    "review.claimed": Act("Review taken", "person", REVIEW),
    "review.released": Act("Review given back", "undo", REVIEW),
    "review.decided": Act("Regions settled", "checklist", REVIEW),
    "review.disagreed": Act("Reviewers differ; a third decides", "people", REVIEW),
    "review.settled": Act("Review settled", "check", RELEASED),
    "region.rejected": Act("Region not hidden", "eye-off", REVIEW),
    "original.shown": Act("Original opened for review", "eye", REVIEW),
    "original.opened_for_proof": Act("Original opened for a proof", "eye"),
    "proof.asked": Act("Proof asked for", "certificate"),
    "proof.failed": Act("Proof came to nothing", "alert"),
    "copy.proven": Act("Copy proven", "certificate", RELEASED),
    "copy.not_proven": Act("Copy not proven", "shield", QUARANTINED, bad=True),
    "copy.delivered": Act("Copy shown", "image"),
    "copy.delivery_failed": Act("Copy not delivered in full", "alert", QUARANTINED, bad=True),
    "access.denied": Act("Denied", "shield", QUARANTINED, bad=True),
    "task.claimed": Act("Task taken", "task"),
    "task.renewed": Act("Task kept longer", "clock"),
    "task.released": Act("Task given back", "undo"),
    "labels.submitted": Act("Labels submitted", "annotate"),
    "labels.defined": Act("Classes defined", "list"),
    "labels.exported": Act("Labels exported", "download"),
    "grant.created": Act("Grant given", "key"),
    "grant.revoked": Act("Grant taken back", "slash"),
    "dataset.created": Act("Dataset made", "folder"),
    "dataset.policy_applied": Act("Policy put into effect", "policy", PROCESSING),
    "dataset.rederivation_begun": Act("Making copies anew began", "cycle", PROCESSING),
    "dataset.rederivation_finished": Act("Making copies anew finished", "cycle", PROCESSING),
    "policy.created": Act("Policy written", "edit"),
    "policy.submitted": Act("Policy submitted", "policy"),
    "policy.approved": Act("Policy approved", "check"),
    "policy.rejected": Act("Policy rejected", "x"),
    "policy.retired": Act("Policy retired", "slash"),
    "policy.preview_asked": Act("Preview asked for", "eye"),
    "policy.preview_opened": Act("Originals opened for a preview", "eye"),
    "policy.preview_finished": Act("Policy previewed", "eye"),
    "policy.preview_failed": Act("Preview failed", "alert"),
    "batch.created": Act("Batch begun", "batches"),
    "batch.closed": Act("Batch closed", "batches"),
    "upload.created": Act("Upload begun", "upload"),
    "upload.ended": Act("Upload ended", "upload"),
    "upload.expired": Act("Upload lapsed", "clock"),
    "token.created": Act("Token made", "key"),
    "token.revoked": Act("Token revoked", "slash"),
    "webhook.created": Act("Webhook made", "link"),
    "webhook.deleted": Act("Webhook deleted", "slash"),
    "webhook.given_up": Act("Webhook given up", "alert"),
    "audit.read": Act("Log exported", "download"),
    "audit.searched": Act("Log searched", "search"),
    "audit.verify": Act("Verification begun", "shield-ok"),
    "audit.verified": Act("Log verified", "shield-ok", RELEASED),
    "audit.verification_failed": Act("Verification came to no verdict", "alert"),
    "log.refused": Act("Foreign rows kept out of the log", "shield", QUARANTINED, bad=True),
    "session.opened": Act("Signed in", "person"),
    "session.closed": Act("Signed out", "signout"),
    "session.refused": Act("Signing in refused", "shield", QUARANTINED, bad=True),
    "account.created": Act("Account made", "person"),
    "account.invited": Act("Person invited", "mail"),
    "account.vouched": Act("Vouched for as a person of their own", "people"),
    "account.enabled": Act("Account enabled", "check"),
    "account.disabled": Act("Account disabled", "slash"),
    "account.password_changed": Act("Password changed", "key"),
    "account.password_reset": Act("New password set by a link", "key"),
    "account.reset_offered": Act("Link for a new password made", "link"),
    "account.password_refused": Act("Change of password refused", "shield", QUARANTINED, bad=True),
    "person.suspended": Act("Person suspended", "pause", QUARANTINED),
    "person.restored": Act("Person restored", "play"),
    "person.role_changed": Act("Role changed", "people"),
    "person.erased": Act("Name erased", "person", QUARANTINED),
    "account.signed_out": Act("Signed out elsewhere", "signout"),
    "group.created": Act("Group made", "people"),
    "group.joined": Act("Joined a group", "people"),
    "group.left": Act("Left a group", "people"),
    "group.granted": Act("Grant given to a group", "key"),
    "group.grant_extended": Act("Group's grant extended", "clock"),
    "group.grant_revoked": Act("Group's grant taken back", "slash"),
    "grant.extended": Act("Grant extended", "clock"),
    "copy.shown": Act("Copy shown", "image"),
    "copy.previewed": Act("Copy previewed by its uploader", "image"),
    "copy.preview_failed": Act("Preview of a copy failed", "alert"),
    "names.told": Act("File names told to their uploader", "file"),
    "review.undone": Act("Release undone", "undo", REVIEW),
    "rollback.asked": Act("Rollback asked for", "undo"),
    "guideline.written": Act("Guideline written", "book"),
    "backup.begun": Act("Backup begun", "vault"),
    "installation.restored": Act("Installation restored", "vault"),
}

DETAILS: Final[Mapping[str, str]] = {
    "asked": "asked for",
    "asked_by": "asked by",
    "act": "act",
    "bytes": "size",
    "code": "code version",
    "filled_for": "for",
    "copy": "copy",
    "hidden": "hidden",
    "instead": "instead of",
    "replaces": "instead of",
    "was": "held for",
    "until": "until",
    "since": "from",
}
"""Names of details that read better otherwise; the rest are their own names."""

QUIET: Final = frozenset({"round", "policy", "version", "root", "number", "commitment", "key"})
"""Details that a line leaves out; the entry's own page has them all."""


@dataclass(frozen=True, slots=True)
class Told:
    """An entry in a line."""

    act: Act
    code: str
    says: str


def act_of(code: str) -> Act:
    """The words of an action; of one that is not listed, its own."""
    found = ACTS.get(code)
    return found if found is not None else Act(code.replace(".", " ").replace("_", " ").capitalize())


def told(entry: Entry, people: Mapping[str, Known], *, leave_out: frozenset[str] = frozenset()) -> Told:
    """leave_out: ids that stand elsewhere on the page."""
    act = act_of(entry.action)
    if entry.action == "audit.verified" and entry.details.get("verdict") != "verified":
        act = Act("Log found wanting", "shield", QUARANTINED, bad=True)
    parts = [
        _detail(name, value, people)
        for name, value in sorted(entry.details.items(), key=lambda item: item[0] != "reason")
        if name not in QUIET and value != "" and value not in leave_out
    ]
    return Told(act, entry.action, ", ".join(parts))


def short(identifier: str) -> str:
    """An id that fits a column: its kind and its first six digits. The whole stands in its title."""
    kind, dash, digits = identifier.rpartition("-")
    return f"{kind}-{digits[:6]}" if dash and len(digits) == 24 else identifier


def person_words(identifier: str, people: Mapping[str, Known]) -> str:
    """The name where it is known; the id, short, where not."""
    known = people.get(identifier)
    return known.name if known is not None and known.name else short(identifier)


def _detail(name: str, value: str | int, people: Mapping[str, Known]) -> str:
    if name == "reason":
        return str(value).replace("+", " + ").replace("_", " ")
    if name in ("hidden", "labels", "images", "failures", "withdrawn", "filled"):
        return f"{value} {name}"
    shown = _value(name, value, people)
    if shown.startswith(f"{name}-"):
        return shown  # "dataset-5f0c…" says what it is
    return f"{DETAILS.get(name, name.replace('_', ' '))} {shown}"


def _value(name: str, value: str | int, people: Mapping[str, Known]) -> str:
    shown: dict[str, Callable[[int], str]] = {"bytes": _size, "until": _when, "since": _when}
    if isinstance(value, int):
        return shown[name](value) if name in shown else f"{value:,}"
    return person_words(value, people) if value in people else short(value)


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{count / 1000:.1f} kB"


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%-d %b %H:%M")
