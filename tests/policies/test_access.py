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
from policies.access import (
    INSTALLATION,
    Action,
    Allowed,
    Assignment,
    Denied,
    Lease,
    Principal,
    Resource,
    Role,
    decide,
)

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

ASSIGNMENT: Final = Assignment("person-1", NOW + timedelta(minutes=15))

ASSIGNMENTS: Final[dict[str, Assignment | None]] = {
    "none": None,
    "good": ASSIGNMENT,
    "ends now": replace(ASSIGNMENT, until=NOW),
    "expired": replace(ASSIGNMENT, until=NOW - timedelta(hours=1)),
    "of another person": replace(ASSIGNMENT, person="person-2"),
}

REVIEW: Final = Resource("Review", "review-1", HERE, "person-9", frozenset())
OWN = Resource("Asset", "asset-1", HERE, "person-1")
POLICY = Resource("Policy", "policy-1", author="person-2", alike=frozenset())
ROLLBACK = Resource("Rollback", "rollback-1", author="person-2", alike=frozenset())
RESOURCES: Final[dict[Action, Resource]] = {
    Action.ASSET_CREATE: Resource("Dataset", HERE),
    Action.ASSET_READ: OWN,
    Action.ASSET_NAME: OWN,
    Action.ASSET_LIST: Resource("Dataset", HERE),
    Action.ASSET_REQUEUE: OWN,
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
    Action.COPY_PREVIEW: OWN,
    Action.COPY_PROVE: OWN,
    Action.PROOF_READ: OWN,
    Action.DATASET_CREATE: INSTALLATION,
    Action.DATASET_LIST: INSTALLATION,
    Action.GRANT_CREATE: INSTALLATION,
    Action.GRANT_LIST: INSTALLATION,
    Action.GRANT_REVOKE: INSTALLATION,
    Action.GRANT_EXTEND: INSTALLATION,
    Action.GROUP_CREATE: INSTALLATION,
    Action.GROUP_CHANGE: INSTALLATION,
    Action.GROUP_LIST: INSTALLATION,
    Action.PERSON_LIST: INSTALLATION,
    Action.PERSON_INVITE: INSTALLATION,
    Action.PERSON_RESET: Resource("Person", "person-2", role=Role.REVIEWER),
    Action.PERSON_SUSPEND: INSTALLATION,
    Action.PERSON_RESTORE: INSTALLATION,
    Action.PERSON_ROLE: INSTALLATION,
    Action.PERSON_ERASE: INSTALLATION,
    Action.POLICY_CREATE: INSTALLATION,
    Action.POLICY_LIST: INSTALLATION,
    Action.POLICY_READ: POLICY,
    Action.POLICY_SUBMIT: POLICY,
    Action.POLICY_APPROVE: POLICY,
    Action.POLICY_REJECT: POLICY,
    Action.POLICY_RETIRE: POLICY,
    Action.POLICY_PREVIEW: Resource("Dataset", HERE),
    Action.POLICY_APPLY: Resource("Dataset", HERE),
    Action.POLICY_ROLLBACK: Resource("Dataset", HERE),
    Action.ROLLBACK_APPROVE: ROLLBACK,
    Action.ROLLBACK_REFUSE: ROLLBACK,
    Action.ROLLBACK_WITHDRAW: replace(ROLLBACK, author="person-1"),
    Action.DATASET_REDERIVE: Resource("Dataset", HERE),
    Action.GUIDELINE_READ: Resource("Dataset", HERE),
    Action.GUIDELINE_WRITE: Resource("Dataset", HERE),
    Action.LABEL_DEFINE: Resource("Dataset", HERE),
    Action.LABEL_DRAFT: Resource("Task", "task-1", HERE),
    Action.LABEL_EXPORT: Resource("Dataset", HERE),
    Action.LABEL_SUBMIT: Resource("Task", "task-1", HERE),
    Action.TASK_CLAIM: Resource("Dataset", HERE),
    Action.TASK_LIST: Resource("Dataset", HERE),
    Action.TASK_READ: Resource("Task", "task-1", HERE),
    Action.TASK_RELEASE: Resource("Task", "task-1", HERE),
    Action.TASK_RENEW: Resource("Task", "task-1", HERE),
    Action.WORK_LIST: INSTALLATION,
    Action.AUDIT_READ: INSTALLATION,
    Action.AUDIT_VERIFY: INSTALLATION,
    Action.METRICS_READ: INSTALLATION,
    Action.OVERVIEW_READ: INSTALLATION,
    Action.ASSET_SURVEY: INSTALLATION,
    Action.INSTALLATION_READ: INSTALLATION,
    Action.VAULT_READ: INSTALLATION,
    Action.PERSON_FIND: INSTALLATION,
    Action.REVIEW_LIST: INSTALLATION,
    Action.REVIEW_CLAIM: REVIEW,
    Action.REVIEW_RELEASE: REVIEW,
    Action.REVIEW_READ: REVIEW,
    Action.REVIEW_IMAGE: REVIEW,
    Action.REVIEW_DECIDE: REVIEW,
    Action.REVIEW_UNDO: REVIEW,
    Action.REVIEW_FIGURES: INSTALLATION,
    Action.REVIEW_HISTORY: OWN,
}

# Whatever the grant: these roles may do this. (`asset.read` here is of one's own asset.)
BY_ROLE: Final[dict[Role, set[Action]]] = {
    Role.OFFICER: {
        Action.OVERVIEW_READ,
        Action.ASSET_SURVEY,
        Action.VAULT_READ,
        Action.COPY_PROVE,
        Action.PROOF_READ,
        Action.PERSON_FIND,
        Action.DATASET_CREATE,
        Action.DATASET_LIST,
        Action.GRANT_CREATE,
        Action.GRANT_LIST,
        Action.GRANT_REVOKE,
        Action.GRANT_EXTEND,
        Action.GROUP_CREATE,
        Action.GROUP_CHANGE,
        Action.GROUP_LIST,
        Action.PERSON_LIST,
        Action.PERSON_INVITE,
        Action.PERSON_RESET,  # of anybody but an officer
        Action.PERSON_SUSPEND,
        Action.PERSON_RESTORE,
        Action.PERSON_ROLE,
        Action.PERSON_ERASE,
        Action.AUDIT_READ,
        Action.AUDIT_VERIFY,
        Action.ASSET_READ,
        Action.ASSET_LIST,
        Action.ASSET_REQUEUE,
        Action.BATCH_READ,
        Action.BATCH_LIST,
        Action.WEBHOOK_CREATE,
        Action.WEBHOOK_LIST,
        Action.WEBHOOK_DELETE,
        Action.REVIEW_FIGURES,
        Action.REVIEW_HISTORY,
        Action.POLICY_CREATE,
        Action.POLICY_LIST,
        Action.POLICY_READ,
        Action.POLICY_SUBMIT,
        Action.POLICY_APPROVE,  # of another's policy
        Action.POLICY_REJECT,
        Action.POLICY_RETIRE,
        Action.POLICY_PREVIEW,
        Action.POLICY_APPLY,
        Action.POLICY_ROLLBACK,
        Action.ROLLBACK_APPROVE,  # of what another asked for
        Action.ROLLBACK_REFUSE,
        Action.ROLLBACK_WITHDRAW,  # of their own
        Action.DATASET_REDERIVE,
        Action.GUIDELINE_READ,
        Action.GUIDELINE_WRITE,
        Action.LABEL_DEFINE,
        Action.LABEL_EXPORT,
        Action.TASK_LIST,
    },
    Role.UPLOADER: {
        Action.ASSET_CREATE,
        Action.DATASET_LIST,
        Action.ASSET_READ,
        Action.ASSET_NAME,
        Action.COPY_PREVIEW,
        Action.BATCH_CREATE,
        Action.BATCH_FILL,
        Action.BATCH_READ,
        Action.UPLOAD_CONTINUE,
    },
    Role.REVIEWER: {Action.REVIEW_LIST, Action.REVIEW_CLAIM},
    Role.ANNOTATOR: {Action.WORK_LIST},
    Role.AUDITOR: {
        Action.PERSON_FIND,
        Action.COPY_PROVE,
        Action.PROOF_READ,
        Action.AUDIT_READ,
        Action.AUDIT_VERIFY,
        Action.POLICY_LIST,
        Action.POLICY_READ,
        Action.REVIEW_HISTORY,
    },
    Role.OPERATOR: {
        Action.ASSET_LIST,
        Action.ASSET_REQUEUE,
        Action.ASSET_SURVEY,
        Action.INSTALLATION_READ,
        Action.METRICS_READ,
    },
}

# A reviewer's, by an assignment of their own and while it lasts.
BY_ASSIGNMENT: Final = {
    Action.REVIEW_RELEASE,
    Action.REVIEW_READ,
    Action.REVIEW_IMAGE,
    Action.REVIEW_DECIDE,
    Action.REVIEW_UNDO,
}
NO_ASSIGNMENT: Final = {
    "none": "review.unassigned",
    "ends now": "review.expired",
    "expired": "review.expired",
    "of another person": "review.unassigned",
}

# Copies, and the tasks of labelling them, are opened by a grant. Operators see no image, grant or not.
BY_GRANT: Final = {
    Action.COPY_LIST,
    Action.COPY_READ,
    Action.GUIDELINE_READ,
    Action.LABEL_DRAFT,
    Action.LABEL_SUBMIT,
    Action.TASK_CLAIM,
    Action.TASK_LIST,
    Action.TASK_READ,
    Action.TASK_RELEASE,
    Action.TASK_RENEW,
}
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


@pytest.mark.parametrize(("role", "action"), list(product(Role, sorted(BY_ASSIGNMENT))))
def test_the_table_of_roles_reviews_and_assignments(role: Role, action: Action) -> None:
    for name, assignment in ASSIGNMENTS.items():
        principal = Principal("person-1", role)
        decision = decide(principal, action, REVIEW, now=NOW, assignment=assignment)
        allowed = role is Role.REVIEWER and name == "good"
        assert isinstance(decision, Allowed) == allowed, name
        if isinstance(decision, Denied) and role is Role.REVIEWER:
            assert decision.reason == NO_ASSIGNMENT[name]


@pytest.mark.parametrize(
    "action", sorted({*BY_ASSIGNMENT, Action.REVIEW_CLAIM} - {Action.REVIEW_RELEASE, Action.REVIEW_UNDO})
)
def test_nobody_reviews_what_they_brought_in_or_have_a_hand_in_elsewhere(action: Action) -> None:
    reviewer = Principal("person-1", Role.REVIEWER)
    own = replace(REVIEW, owner="person-1")
    twice = replace(REVIEW, others=frozenset({"person-2", "person-1"}))
    for resource, reason in ((own, "review.own-upload"), (twice, "review.same-person")):
        decision = decide(reviewer, action, resource, now=NOW, assignment=ASSIGNMENT)
        assert decision == Denied(reason)


def test_an_officers_password_is_not_for_an_officer_to_reset() -> None:
    for person in ("person-1", "person-2"):  # their own, and another's
        asked = Resource("Person", person, role=Role.OFFICER)
        decision = decide(Principal("person-1", Role.OFFICER), Action.PERSON_RESET, asked, now=NOW)
        assert decision == Denied("reset.officer")


@given(st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=2)))
def test_an_assignment_never_lasts_longer_than_was_said(remaining: timedelta) -> None:
    assignment = replace(ASSIGNMENT, until=NOW + remaining)
    reviewer = Principal("person-1", Role.REVIEWER)
    decision = decide(reviewer, Action.REVIEW_IMAGE, REVIEW, now=NOW, assignment=assignment)
    if remaining <= timedelta(0):
        assert decision == Denied("review.expired")
    if remaining >= timedelta(seconds=1):
        assert isinstance(decision, Allowed)


@pytest.mark.parametrize("role", Role)
def test_no_role_opens_an_original_and_the_reason_says_so(role: Role) -> None:
    decision = decide(Principal("person-1", role), Action.ORIGINAL_READ, OWN, now=NOW, lease=LEASE)
    assert decision == Denied("original.sealed")


def test_an_operator_with_a_grant_still_sees_no_image() -> None:
    copy = RESOURCES[Action.COPY_READ]
    decision = decide(Principal("person-1", Role.OPERATOR), Action.COPY_READ, copy, now=NOW, lease=LEASE)
    assert decision == Denied("operator.sees-no-image")


def test_an_officer_whose_own_grant_lapsed_still_follows_the_work_but_claims_nothing() -> None:
    officer, dataset = Principal("person-1", Role.OFFICER), Resource("Dataset", HERE)
    for lease in LEASES.values():
        assert isinstance(decide(officer, Action.TASK_LIST, dataset, now=NOW, lease=lease), Allowed)
    lapsed = LEASES["expired"]
    assert decide(officer, Action.TASK_CLAIM, dataset, now=NOW, lease=lapsed) == Denied("grant.expired")


def test_an_uploader_follows_own_assets_only() -> None:
    other = replace(OWN, owner="person-2")
    uploader = Principal("person-1", Role.UPLOADER)
    assert decide(uploader, Action.ASSET_READ, OWN, now=NOW) == Allowed("uploader.follows-own-assets")
    assert decide(uploader, Action.ASSET_READ, other, now=NOW) == Denied("default.deny")


@pytest.mark.parametrize("action", [Action.ASSET_NAME, Action.COPY_PREVIEW])
def test_an_uploader_is_told_names_and_shown_copies_of_own_images_only(action: Action) -> None:
    uploader = Principal("person-1", Role.UPLOADER)
    assert decide(uploader, action, OWN, now=NOW) == Allowed("uploader.sees-what-became-of-own")
    assert decide(uploader, action, replace(OWN, owner="person-2"), now=NOW) == Denied("default.deny")


@pytest.mark.parametrize("action", [Action.POLICY_APPROVE, Action.POLICY_REJECT])
def test_nobody_decides_on_a_policy_of_their_own(action: Action) -> None:
    own = replace(POLICY, author="person-1")
    for role in Role:
        assert decide(Principal("person-1", role), action, own, now=NOW) == Denied("policy.own")
    second = Principal("person-2", Role.OFFICER)
    assert decide(second, action, own, now=NOW) == Allowed("officer.decides-on-policies")


@pytest.mark.parametrize("action", [Action.ROLLBACK_APPROVE, Action.ROLLBACK_REFUSE])
def test_nobody_goes_back_to_an_earlier_policy_alone(action: Action) -> None:
    asked = replace(ROLLBACK, author="person-1")
    for role in Role:
        assert decide(Principal("person-1", role), action, asked, now=NOW) == Denied("rollback.own")


@pytest.mark.parametrize(
    ("resource", "actions", "reason"),
    [
        (POLICY, (Action.POLICY_APPROVE, Action.POLICY_REJECT), "policy.one-person"),
        (ROLLBACK, (Action.ROLLBACK_APPROVE, Action.ROLLBACK_REFUSE), "rollback.one-person"),
    ],
)
def test_who_may_be_its_author_by_another_account_decides_nothing(
    resource: Resource, actions: tuple[Action, ...], reason: str
) -> None:
    second = Principal("person-1", Role.OFFICER)
    for action in actions:
        for alike in (frozenset({"person-1"}), None):  # found to be, or not looked for
            assert decide(second, action, replace(resource, alike=alike), now=NOW) == Denied(reason)
        other = replace(resource, alike=frozenset({"person-3"}))
        assert isinstance(decide(second, action, other, now=NOW), Allowed)


def test_only_whoever_asked_takes_a_roll_back_back() -> None:
    officer = Principal("person-1", Role.OFFICER)
    assert isinstance(decide(officer, Action.ROLLBACK_WITHDRAW, ROLLBACK, now=NOW), Denied)


@pytest.mark.parametrize("action", [Action.POLICY_APPROVE, Action.POLICY_REJECT])
def test_nobody_decides_on_a_policy_without_an_author(action: Action) -> None:
    preset = Resource("Policy", "street")
    officer = Principal("person-1", Role.OFFICER)
    assert decide(officer, action, preset, now=NOW) == Denied("default.deny")
    assert isinstance(decide(officer, Action.POLICY_READ, preset, now=NOW), Allowed)


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


@pytest.mark.parametrize("resource", [replace(REVIEW, owner=None), replace(REVIEW, others=None), OWN])
def test_a_review_of_which_something_is_not_known_is_refused(resource: Resource) -> None:
    reviewer = Principal("person-1", Role.REVIEWER)
    decision = decide(reviewer, Action.REVIEW_IMAGE, resource, now=NOW, assignment=ASSIGNMENT)
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
    ("roles.cedar", "resource.author == principal", "resource.autor == principal"),
    ("roles.cedar", 'Action::"task.claim"', 'Action::"task.cliam"'),
    ("roles.cedar", "context.grant.revoked", "context.grant.revokt"),
    ("roles.cedar", "context.grant.until <= context.now", 'context.grant.until <= "now"'),
    ("roles.cedar", "forbid (", "forbidd ("),
    ("roles.cedar", "context has grant && context.grant.person", "context.grant.person"),
    ("schema.cedarschema", "revoked: Bool", "revoced: Bool"),
    ("schema.cedarschema", "role: String", "role: Long"),
    ("schema.cedarschema", "entity Dataset;", "entity Datasets;"),
    ("schema.cedarschema", 'action "copy.read" ', 'action "copy.raed" '),
    ("schema.cedarschema", '"task.claim"', '"task.cliam"'),
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
