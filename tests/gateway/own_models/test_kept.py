"""Licences are accepted by name or not at all, and an entry that was not accepted is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Misconfigured
from gateway.own_models.entry import OwnModel
from gateway.own_models.kept import (
    Entries,
    KeptModel,
    KnownDetectors,
    Unreadable,
    accept,
)
from policies.detectors import KINDS
from policies.errors import InvalidPolicy
from policies.model import Kind
from policies.policy import Policy
from tests.support.blue_squares import described

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
POLICY = "{name: own, rules: [{kind: face, method: fill, detectors: [blue-squares]}]}"


def entry(licence: str = "MIT", commercial_use: str = "yes", url: str = "", **changed: Any) -> OwnModel:
    terms = {"name": licence, "commercial_use": commercial_use, "url": url}
    return OwnModel.model_validate(described(b"a network", licence=terms, **changed))


def taken(model: OwnModel, accepted: str | None = None) -> KeptModel:
    return accept(model, accepted=accepted, by="Jo", at=NOW)


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0", "CC0-1.0"])
def test_what_permits_any_use_needs_no_word(licence: str) -> None:
    assert taken(entry(licence)).accepted is None


@pytest.mark.parametrize(
    ("licence", "commercial_use", "shown"),
    [
        ("AGPL-3.0-only", "yes", "GNU Affero General Public License v3.0 only"),
        ("GPL-3.0-or-later", "unknown", "GNU General Public License v3.0 or later"),
        ("CC-BY-NC-4.0", "no", "Attribution Non Commercial 4.0 International): commercial use is forbidden"),
        ("CC-BY-NC-4.0", "yes", "commercial use is forbidden"),
        ("MIT", "no", "commercial use is forbidden"),
        ("Apache-2.0", "unknown", "whether commercial use is permitted is not known"),
        ("Research only", "yes", "https://terms.example/1"),
    ],
)
def test_any_other_licence_is_shown_in_full_and_accepted_by_name(
    licence: str, commercial_use: str, shown: str
) -> None:
    model = entry(licence, commercial_use, "https://terms.example/1" if licence == "Research only" else "")
    with pytest.raises(Misconfigured) as refused:
        taken(model)
    assert shown in str(refused.value)
    assert f'--accept-licence "{licence}"' in str(refused.value)
    with pytest.raises(Misconfigured, match='not under "yes": nothing was added'):
        taken(model, "yes")
    kept = taken(model, licence)
    assert (kept.accepted, kept.by, kept.at) == (licence, "Jo", NOW)


def test_a_kept_entry_is_read_as_it_was_written(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    kept = taken(entry("AGPL-3.0-only", "unknown"), "AGPL-3.0-only")
    assert entries.get("blue-squares") is None
    entries.keep(kept)
    assert entries.get("blue-squares") == kept
    assert list(entries.all()) == [kept]
    entries.remove("blue-squares")
    assert list(entries.all()) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"accepted": None}, "its licence AGPL-3.0-only was not accepted"),
        ({"accepted": "MIT"}, "its licence AGPL-3.0-only was not accepted"),
        ({"format": 2}, "format"),
        ({"by": ""}, "by"),
    ],
)
def test_an_entry_that_was_not_accepted_is_none(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    entries = Entries(tmp_path)
    entries.keep(taken(entry("AGPL-3.0-only", "unknown"), "AGPL-3.0-only"))
    path = entries.folder / "blue-squares.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    (found,) = entries.all()
    assert isinstance(found, Unreadable)
    assert reason in found.reason
    with pytest.raises(Misconfigured, match=r"cannot be used: .*`privgate models remove blue-squares`"):
        entries.get("blue-squares")
    assert dict(KnownDetectors(tmp_path)) == dict(KINDS)


def test_an_entry_under_another_name_is_none(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    entries.keep(taken(entry()))
    (entries.folder / "blue-squares.json").rename(entries.folder / "other.json")
    assert entries.get("blue-squares") is None
    (found,) = entries.all()
    assert found == Unreadable("other", "it is the entry of blue-squares")


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    assert Entries(tmp_path).get("../secret") is None
    assert not Entries(tmp_path).has("../secret")


def test_a_policy_can_name_it_from_the_moment_it_is_added(tmp_path: Path) -> None:
    known = KnownDetectors(tmp_path)
    with pytest.raises(InvalidPolicy, match=r"no detector blue-squares.*`privgate models add`"):
        Policy.parse(POLICY, detectors=known)
    Entries(tmp_path).keep(taken(entry()))
    assert known["blue-squares"] == {Kind.FACE}
    assert Policy.parse(POLICY, detectors=known).rules[0].detectors == ("blue-squares",)
    with pytest.raises(InvalidPolicy, match="blue-squares never finds a license_plate"):
        Policy.parse(POLICY.replace("kind: face", "kind: license_plate"), detectors=known)
