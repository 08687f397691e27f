"""Where things are: each role's places, the first of which it lands on. What a role may not do is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.access import Role


@dataclass(frozen=True, slots=True)
class Place:
    """icon: a name of parts/icons.html."""

    path: str
    label: str
    icon: str


PLACES: Final[Mapping[Role, tuple[Place, ...]]] = {
    Role.OFFICER: (
        Place("/home", "Home", "home"),
        Place("/policies", "Policies", "policy"),
        Place("/reviews", "Review", "review"),
        Place("/workforce", "Workforce", "people"),
        Place("/vault", "Vault", "vault"),
        Place("/audit", "Audit", "audit"),
    ),
    Role.UPLOADER: (
        Place("/batches", "My batches", "batches"),
        Place("/upload", "Upload", "upload"),
        Place("/datasets", "Datasets", "folder"),
    ),
    Role.REVIEWER: (
        Place("/queue", "Queue", "queue"),
        Place("/review", "Workbench", "workbench"),
        Place("/decisions", "My decisions", "checklist"),
    ),
    Role.ANNOTATOR: (
        Place("/tasks", "My tasks", "annotate"),
        Place("/guidelines", "Guidelines", "book"),
    ),
    Role.AUDITOR: (
        Place("/audit", "Explorer", "audit"),
        Place("/audit/checkpoints", "Checkpoints", "flag"),
        Place("/policies", "Policies", "policy"),
    ),
    Role.OPERATOR: (
        Place("/health", "Health", "health"),
        Place("/queues", "Queues", "queue"),
        Place("/workers", "Workers", "workers"),
        Place("/keys", "Keys", "key"),
        Place("/models", "Models", "models"),
    ),
}

LABELS: Final[Mapping[Role, str]] = {
    Role.OFFICER: "Compliance officer",
    Role.UPLOADER: "Uploader",
    Role.REVIEWER: "Reviewer",
    Role.ANNOTATOR: "Annotator",
    Role.AUDITOR: "Auditor",
    Role.OPERATOR: "Operator",
}

LANDINGS: Final[Mapping[Role, str]] = {role: places[0].path for role, places in PLACES.items()}
"""Where `/` leads, and signing in."""


def current_place(role: Role, path: str) -> Place | None:
    """The place that `path` belongs to: the longest one that it begins with."""
    fitting = [place for place in PLACES[role] if path == place.path or path.startswith(f"{place.path}/")]
    return max(fitting, key=lambda place: len(place.path), default=None)


def safe_next(text: str | None) -> str | None:
    """A path of ours to go on to, if `text` is one; never another site."""
    if text is None or not text.startswith("/") or text.startswith(("//", "/\\", "/sign-", "/v1/")):
        return None
    return text if text.isprintable() and "\\" not in text and len(text) <= 500 else None
