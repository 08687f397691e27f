"""Decisions: a table of every role, action and state of the grant; whatever cannot be judged is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import access
from policies.access import INSTALLATION, Action, Allowed, Denied, Lease, Principal, Resource, Role, decide

NOW: Final = datetime(2031, 5, 1, 12, tzinfo=UTC)
HERE: Final = "dataset-a"
LEASE: Final = Lease("person-1", HERE, NOW + timedelta(hours=1), revoked=False)

LEASES: Final[dict[str, Lease | None]] = {
    "none": None,
    "good": LEASE,
    "expired": replace(LEASE, until=NOW - timedelta(seconds=1)),
    "ends now": replace(LEASE, until=NOW),
    "revoked": replace(LEASE, revoked=True),
    "revoked and expired": replace(LEASE, until=NOW - timedelta(days=1), revoked=True),
    "of another person": replace(LEASE, person="person-2"),
    "for another dataset": replace(LEASE, dataset="dataset-b"),
}

OWN = Resource("Asset", "asset-1", HERE, "person-1")
RESOURCES: Final[dict[Action, Resource]] = {
    Action.ASSET_CREATE: Resource("Dataset", HERE),
    Action.ASSET_READ: OWN,
    Action.ORIGINAL_READ: OWN,
    Action.BATCH_CREATE: Resource("Dataset", HERE),
    Action.BATCH_FILL: Resource("Batch", "batch-1", HERE, "person-1"),
    Action.BATCH_READ: Resource("Batch", "batch-1", HERE, "person-1"),
    Action.BATCH_LIST: INSTALLATION,
    Action.UPLOAD_CONTINUE: Resource("Upload", "upload-1", HERE, "person-1"),
    Action.WEBHOOK_CREATE: INSTALLATION,
    Action.WEBHOOK_LIST: INSTALLATION,
    Action.WEBHOOK_DELETE: INSTALLATION,
    Action.COPY_LIST: Resource("Dataset", HERE),
    Action.COPY_READ: Resource("Copy", "copy-1", HERE),
    Action.DATASET_CREATE: INSTALLATION,
    Action.DATASET_LIST: INSTALLATION,
    Action.GRANT_CREATE: INSTALLATION,
    Action.GRANT_LIST: INSTALLATION,
    Action.GRANT_REVOKE: INSTALLATION,
    Action.AUDIT_READ: INSTALLATION,
    Action.AUDIT_VERIFY: INSTALLATION,
}

# Whatever the grant: these roles may do this. (`asset.read` here is of one's own asset.)
BY_ROLE: Final[dict[Role, set[Action]]] = {
    Role.OFFICER: {
        Action.DATASET_CREATE,
        Action.DATASET_LIST,
        Action.GRANT_CREATE,
        Action.GRANT_LIST,
        Action.GRANT_REVOKE,
        Action.AUDIT_READ,
        Action.AUDIT_VERIFY,
        Action.ASSET_READ,
        Action.BATCH_READ,
        Action.BATCH_LIST,
        Action.WEBHOOK_CREATE,
        Action.WEBHOOK_LIST,
        Action.WEBHOOK_DELETE,
    },
    Role.UPLOADER: {
        Action.ASSET_CREATE,
        Action.DATASET_LIST,
        Action.ASSET_READ,
        Action.BATCH_CREATE,
        Action.BATCH_FILL,
        Action.BATCH_READ,
        Action.UPLOAD_CONTINUE,
    },
    Role.REVIEWER: set(),
    Role.ANNOTATOR: set(),
    Role.AUDITOR: {Action.AUDIT_READ, Action.AUDIT_VERIFY},
    Role.OPERATOR: set(),
}

# Copies are opened by a grant and by nothing else. Operators see no image, grant or not.
BY_GRANT: Final = {Action.COPY_LIST, Action.COPY_READ}
REASONS: Final = {
    "none": "grant.none",
    "expired": "grant.expired",
    "ends now": "grant.expired",
    "revoked": "grant.revoked",
    "revoked and expired": "grant.revoked",
    "of another person": "grant.none",
    "for another dataset": "grant.none",
}


@pytest.mark.parametrize(("role", "action"), list(product(Role, Action)))
def test_the_table_of_roles_actions_and_grants(role: Role, action: Action) -> None:
    for name, lease in LEASES.items():
        decision = decide(Principal("person-1", role), action, RESOURCES[action], now=NOW, lease=lease)
        by_grant = action in BY_GRANT and name == "good" and role is not Role.OPERATOR
        assert isinstance(decision, Allowed) == (action in BY_ROLE[role] or by_grant), name
        if isinstance(decision, Denied) and action in BY_GRANT and role is not Role.OPERATOR:
            assert decision.reason == REASONS[name]


@pytest.mark.parametrize("role", Role)
def test_no_role_opens_an_original_and_the_reason_says_so(role: Role) -> None:
    decision = decide(Principal("person-1", role), Action.ORIGINAL_READ, OWN, now=NOW, lease=LEASE)
    assert decision == Denied("original.sealed")


def test_an_operator_with_a_grant_still_sees_no_image() -> None:
    copy = RESOURCES[Action.COPY_READ]
    decision = decide(Principal("person-1", Role.OPERATOR), Action.COPY_READ, copy, now=NOW, lease=LEASE)
    assert decision == Denied("operator.sees-no-image")


def test_an_uploader_follows_own_assets_only() -> None:
    other = replace(OWN, owner="person-2")
    uploader = Principal("person-1", Role.UPLOADER)
    assert decide(uploader, Action.ASSET_READ, OWN, now=NOW) == Allowed("uploader.follows-own-assets")
    assert decide(uploader, Action.ASSET_READ, other, now=NOW) == Denied("default.deny")


def test_an_uploader_fills_reads_and_continues_only_what_is_its_own() -> None:
    uploader = Principal("person-1", Role.UPLOADER)
    for action in (Action.BATCH_FILL, Action.BATCH_READ, Action.UPLOAD_CONTINUE):
        other = replace(RESOURCES[action], owner="person-2")
        assert isinstance(decide(uploader, action, RESOURCES[action], now=NOW), Allowed)
        assert decide(uploader, action, other, now=NOW) == Denied("default.deny")


def test_a_grant_opens_no_copy_of_another_dataset() -> None:
    elsewhere = Resource("Copy", "copy-2", "dataset-b")
    nowhere = Resource("Copy", "copy-3")
    for resource in (elsewhere, nowhere):
        decision = decide(
            Principal("person-1", Role.ANNOTATOR), Action.COPY_READ, resource, now=NOW, lease=LEASE
        )
        assert decision == Denied("grant.none")


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_a_lease_never_lasts_longer_than_was_said(remaining: timedelta) -> None:
    lease = replace(LEASE, until=NOW + remaining)
    annotator = Principal("person-1", Role.ANNOTATOR)
    decision = decide(annotator, Action.COPY_READ, RESOURCES[Action.COPY_READ], now=NOW, lease=lease)
    if remaining <= timedelta(0):
        assert decision == Denied("grant.expired")
    if remaining >= timedelta(seconds=1):
        assert isinstance(decision, Allowed)


IDS = st.text(max_size=30) | st.sampled_from(
    [
        '"',
        "\\",
        "\n",
        'User::"person-1"',
        '" || true || "',
        "person-1\x00",
        "person-1 ",
        "PERSON-1",
        "\ud800",
        "é",
        "e\u0301",
    ]
)


@given(IDS, IDS, IDS)
def test_no_id_however_hostile_opens_what_its_grant_does_not(person: str, copy: str, dataset: str) -> None:
    """The lease is another person's, or for another dataset: nothing typed as an id may bridge that."""
    for principal, resource in [
        (Principal(person + "x", Role.ANNOTATOR), Resource("Copy", copy, HERE)),
        (Principal("person-1", Role.ANNOTATOR), Resource("Copy", copy, dataset + "x")),
    ]:
        assert isinstance(decide(principal, Action.COPY_READ, resource, now=NOW, lease=LEASE), Denied)


@given(IDS)
def test_no_id_however_hostile_lends_a_role(person: str) -> None:
    for role in (Role.ANNOTATOR, Role.OPERATOR, Role.REVIEWER):
        principal = Principal(person, role)
        assert decide(principal, Action.GRANT_CREATE, INSTALLATION, now=NOW, lease=LEASE) == Denied(
            "rules.error" if "\ud800" in person else "default.deny"
        )


BROKEN: Final = [
    Resource("Nonsense", "x"),
    Resource("Copy", "\udfff", HERE),
    Resource("Asset", "asset-1", HERE),  # an asset without an owner does not fit the schema
    Resource("", ""),
]


@pytest.mark.parametrize("resource", BROKEN)
@pytest.mark.parametrize("action", [Action.COPY_READ, Action.ASSET_READ])
@pytest.mark.parametrize("role", [Role.OFFICER, Role.ANNOTATOR])
def test_what_cedar_cannot_judge_is_refused(resource: Resource, action: Action, role: Role) -> None:
    decision = decide(Principal("person-1", role), action, resource, now=NOW, lease=LEASE)
    assert decision == Denied("rules.error")


def test_an_action_that_does_not_fit_its_resource_is_refused() -> None:
    officer = Principal("person-1", Role.OFFICER)
    decision = decide(officer, Action.AUDIT_READ, Resource("Dataset", HERE), now=NOW)
    assert decision == Denied("rules.error")


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the rules that a test may spoil."""
    folder = tmp_path / "access"
    shutil.copytree(access.RULES, folder)
    monkeypatch.setattr(access, "RULES", folder)
    access._rules.cache_clear()
    yield folder
    access._rules.cache_clear()


def spoil(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


TYPOS: Final = [
    ("roles.cedar", "principal.role ==", "principal.rolle =="),
    ("roles.cedar", 'Action::"copy.read"', 'Action::"copy.raed"'),
    ("roles.cedar", "context.grant.revoked", "context.grant.revokt"),
    ("roles.cedar", "context.grant.until <= context.now", 'context.grant.until <= "now"'),
    ("roles.cedar", "forbid (", "forbidd ("),
    ("roles.cedar", "context has grant && context.grant.person", "context.grant.person"),
    ("schema.cedarschema", "revoked: Bool", "revoced: Bool"),
    ("schema.cedarschema", "role: String", "role: Long"),
    ("schema.cedarschema", "entity Dataset;", "entity Datasets;"),
    ("schema.cedarschema", 'action "copy.read" ', 'action "copy.raed" '),
    ("schema.cedarschema", "type Grant =", "typ Grant ="),
]


@pytest.mark.parametrize(("file", "old", "new"), TYPOS)
def test_a_typo_in_rules_or_schema_stops_every_decision(rules: Path, file: str, old: str, new: str) -> None:
    spoil(rules / file, old, new)
    with pytest.raises(ValueError, match="does not fit its schema"):
        decide(Principal("person-1", Role.ANNOTATOR), Action.COPY_READ, RESOURCES[Action.COPY_READ], now=NOW)


def test_without_rules_everything_is_refused(rules: Path) -> None:
    (rules / "roles.cedar").write_text("")
    for role, action in product(Role, Action):
        decision = decide(Principal("person-1", role), action, RESOURCES[action], now=NOW, lease=LEASE)
        assert decision == Denied("default.deny")


def test_a_rule_that_fails_while_it_is_asked_refuses(rules: Path) -> None:
    """An overflow is an error that no schema can foresee; Cedar would pass over the forbid and allow."""
    with (rules / "roles.cedar").open("a") as file:
        file.write(
            '@id("overflows") forbid (principal, action == Action::"copy.read", resource)\n'
            "when { context.now * 9223372036854775807 == 0 };\n"
        )
    copy = RESOURCES[Action.COPY_READ]
    decision = decide(Principal("person-1", Role.ANNOTATOR), Action.COPY_READ, copy, now=NOW, lease=LEASE)
    assert decision == Denied("rules.error")


def test_every_rule_has_a_name_of_its_own() -> None:
    text = (access.RULES / "roles.cedar").read_text("utf-8")
    names = [line.split('"')[1] for line in text.splitlines() if line.startswith("@id(")]
    statements = [line for line in text.splitlines() if line.startswith(("permit (", "forbid ("))]
    assert len(names) == len(statements) == len(set(names))


def test_rules_and_schema_know_each_action_that_can_be_asked() -> None:
    schema = (access.RULES / "schema.cedarschema").read_text("utf-8")
    assert [action.value for action in Action if f'"{action.value}"' not in schema] == []
