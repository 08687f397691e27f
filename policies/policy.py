"""Policies: what is looked for, what is hidden and how, and when a person must look.

A policy is a YAML document. Its canonical form is JSON with sorted keys and every default written out;
the SHA-256 of that is its version, so two documents that mean the same have the same version, and no
document can change its meaning without changing its name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from policies import document
from policies.errors import Fault, InvalidPolicy, UnknownPolicy
from policies.model import Detection, Effort, Kind, Reading, Redaction, RedactionMethod, Size
from policies.release import ReleaseGate
from policies.shapes import Shape
from policies.zones import MOST as MOST_ZONES
from policies.zones import Zone, always_hidden, is_kept

PRESETS = Path(__file__).parent / "presets"

KNOWN_DETECTORS: Final = "known_detectors"
"""The key of the validation context under which the detectors that exist stand."""

Score = Annotated[float, Field(strict=True, ge=0.25, le=1.0)]
"""A normalised score. Detectors report nothing under 0.25, so a lower threshold would promise too much.
Strict: YAML reads `yes` as true, and true is no score."""

DetectorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


class Lines(StrEnum):
    """Which lines of text a rule hides. IDENTIFIERS: those that are, or may be, an identifier."""

    ALL = "all"
    IDENTIFIERS = "identifiers"


class Rule(BaseModel):
    """How one kind is looked for and hidden.

    detectors: all must run; where one cannot, the policy refuses to run.
    second_opinion: run where their libraries are there; the report says which did.
    hide: detections at or above this normalised score are hidden.
    review: detections from here up to `hide` are hidden too, and a person must look.
    grow: margin on each side, as a fraction of the detected box's width and height.
    shape: what is hidden of each detection: the rectangle, an ellipse around all of it, or the polygon that
    the detector gives (tilted lines of text and codes; of anything else, the rectangle).
    lines: of text, which lines are hidden. For identifiers each line is read; what is not surely harmless is
    hidden, and so is what could not be read.
    serves: the clause that the rule serves, for the officer who answers for it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    method: RedactionMethod
    detectors: tuple[DetectorName, ...] = Field(min_length=1)
    second_opinion: tuple[DetectorName, ...] = ()
    hide: Score = 0.5
    review: Score = 0.4
    grow: float = Field(default=0.15, strict=True, ge=0.0, le=1.0)
    shape: Shape = Shape.RECTANGLE
    lines: Lines = Lines.ALL
    serves: str = Field(default="", max_length=200)

    @field_validator("detectors", "second_opinion")
    @classmethod
    def _exist_and_fit(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known: Mapping[str, frozenset[Kind]] | None = (info.context or {}).get(KNOWN_DETECTORS)
        if known is None:
            return names
        if unknown := sorted(set(names) - set(known)):
            raise ValueError(
                f"there is no detector {', '.join(unknown)}; write some of {_listed(known)}, or add a model "
                "of your own: `privgate models add`"
            )
        kind = info.data.get("kind")
        if kind is not None and (blind := sorted(name for name in names if kind not in known[name])):
            fit = sorted(name for name, kinds in known.items() if kind in kinds)
            remedy = f"write some of {_listed(fit)}" if fit else "no detector here does"
            raise ValueError(f"{', '.join(blind)} never finds a {kind.value}; {remedy}")
        return names

    @field_validator("lines")
    @classmethod
    def _of_text(cls, lines: Lines, info: ValidationInfo) -> Lines:
        kind = info.data.get("kind")
        if lines is not Lines.ALL and kind not in (Kind.TEXT, None):
            raise ValueError(
                f"only a rule of kind text has lines to choose from, not one of kind {kind}; remove it"
            )
        return lines

    @property
    def reads(self) -> bool:
        """Whether lines must be read to know what is hidden."""
        return self.lines is Lines.IDENTIFIERS

    def hides(self, detection: Detection) -> bool:
        """Whether a detection of this rule's kind is hidden."""
        if detection.score < self.review:
            return False
        return not (self.reads and detection.reading is Reading.HARMLESS)

    @model_validator(mode="after")
    def _bands_in_order(self) -> Self:
        if self.review > self.hide:
            raise ValueError(
                f"review ({self.review}) lies above hide ({self.hide}); lower it or leave it out"
            )
        return self


_LEFT_OUT: Final = {"lines": Lines.ALL, "shape": Shape.RECTANGLE}
"""Of a rule, what the canonical form does not say."""


class Policy(BaseModel):
    """A whole policy; immutable. `version` names it by content.

    effort: how hard the detectors look; left out, as hard as they can.
    whole_frame: everything is hidden by this method, whatever is seen; text and codes that are found are
    filled over it.
    zones: places that are always hidden, or where what is found is kept visible.
    release: when a person looks before a copy goes out; left out, only for doubtful detections.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")
    title: str = Field(default="", max_length=200)
    effort: Effort = Effort.THOROUGH
    rules: tuple[Rule, ...] = Field(min_length=1)
    whole_frame: RedactionMethod | None = None
    zones: tuple[Zone, ...] = Field(default=(), max_length=MOST_ZONES)
    release: ReleaseGate = ReleaseGate()

    @model_validator(mode="after")
    def _one_rule_a_kind(self) -> Self:
        kinds = [rule.kind for rule in self.rules]
        if twice := sorted({kind.value for kind in kinds if kinds.count(kind) > 1}):
            raise ValueError(f"two rules for {', '.join(twice)}; merge them into one")
        return self

    @model_validator(mode="after")
    def _gate_of_known_kinds(self) -> Self:
        if lacking := sorted(kind.value for kind in self.release.kinds - self.kinds):
            raise ValueError(f"release speaks of {', '.join(lacking)}, which no rule looks for; add a rule")
        return self

    @model_validator(mode="after")
    def _zones_that_can_be_told_apart(self) -> Self:
        names = [zone.name for zone in self.zones]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two zones are called {', '.join(twice)}; rename one")
        for zone in self.zones:
            if lacking := sorted(kind.value for kind in set(zone.kinds) - self.kinds):
                raise ValueError(
                    f"zone {zone.name} keeps {', '.join(lacking)}, which no rule looks for; remove it"
                )
        return self

    @classmethod
    def parse(
        cls, text: str, *, origin: str = "policy", detectors: Mapping[str, frozenset[Kind]] | None = None
    ) -> Policy:
        """From YAML. Raises InvalidPolicy, whose message names the line and the remedy for each fault.

        detectors: those that exist and the kinds each of them finds; then a rule may name no other.
        """
        try:
            loaded, lines = document.load(text)
        except document.NotYaml as exc:
            fault = Fault(exc.line, f"not a policy's YAML: {exc}")
            raise _invalid(origin, [fault]) from exc
        try:
            return cls.model_validate(loaded, context={KNOWN_DETECTORS: detectors})
        except ValidationError as exc:
            raise _invalid(
                origin, [document.explain(e, lines) for e in document.roots(exc.errors())]
            ) from exc

    def canonical(self) -> bytes:
        """The canonical form: UTF-8 JSON, keys sorted, no spaces, defaults written out, rules by kind.

        A gate that never asks for a person is left out, so is the thorough effort, `lines` where it is all of
        them, `shape` where it is the rectangle, and zones and the whole frame where there are none: such a
        policy keeps the version that it had before there was a choice.
        """
        chosen = {
            "release": self.release != ReleaseGate(),
            "effort": self.effort is not Effort.THOROUGH,
            "whole_frame": self.whole_frame is not None,
            "zones": bool(self.zones),
        }
        fields = self.model_dump(mode="json", exclude={name for name, said in chosen.items() if not said})
        for rule in fields["rules"]:
            for field, usual in _LEFT_OUT.items():
                if rule[field] == usual:
                    del rule[field]
        # There is one rule a kind, and their order changes nothing that is done; nor does that of zones.
        fields["rules"].sort(key=lambda rule: rule["kind"])
        fields.get("zones", []).sort(key=lambda zone: zone["name"])
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @cached_property
    def version(self) -> str:
        return "sha256:" + hashlib.sha256(self.canonical()).hexdigest()

    @property
    def reads(self) -> bool:
        """Whether lines of text must be read: then whoever detects needs the extra `ocr`."""
        return any(rule.reads for rule in self.rules)

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset(rule.kind for rule in self.rules)

    def always_hidden(self, size: Size) -> tuple[Redaction, ...]:
        """What is hidden of an image of this size whatever is seen in it."""
        return always_hidden(self.zones, self.whole_frame, size)

    def keeps(self, detection: Detection, size: Size) -> bool:
        """Whether a zone keeps this detection visible."""
        return is_kept(self.zones, detection, size)

    def fits(self, size: Size) -> bool:
        """Whether each zone can be told in an image of this size; see `Zone.fits`."""
        return all(zone.fits(size) for zone in self.zones)

    def rule_for(self, kind: Kind) -> Rule | None:
        return next((rule for rule in self.rules if rule.kind is kind), None)

    def narrowed(
        self, *, kinds: Iterable[Kind] | None = None, method: RedactionMethod | None = None
    ) -> Policy:
        """This policy for some of its kinds only, or with one method for all: another policy version.

        The method is the whole frame's and the zones' too, but for those that are filled: these stay filled.
        Raises InvalidPolicy when a kind is asked for that the policy has no rule for.
        """
        wanted = self.kinds if kinds is None else frozenset(kinds)
        if lacking := sorted(kind.value for kind in wanted - self.kinds):
            has = ", ".join(sorted(kind.value for kind in self.kinds))
            raise InvalidPolicy(f"policy {self.name} has no rule for {', '.join(lacking)}; it has {has}")
        rules: list[dict[str, Any]] = []
        for rule in self.rules:
            if rule.kind in wanted:
                rules.append(rule.model_dump() | ({} if method is None else {"method": method}))
        filled = self.whole_frame in (None, RedactionMethod.FILL)
        whole = self.whole_frame if filled or method is None else method
        return Policy(
            name=self.name,
            title=self.title,
            effort=self.effort,
            rules=tuple(Rule.model_validate(r) for r in rules),
            whole_frame=whole,
            zones=tuple(zone for one in self.zones if (zone := one.narrowed(wanted, method)) is not None),
            release=self.release.narrowed(wanted),
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _invalid(origin: str, faults: Sequence[Fault]) -> InvalidPolicy:
    told = "\n".join(f"{origin}:{fault.line}: {fault.message}" for fault in faults)
    return InvalidPolicy(told, faults=tuple(faults))


def preset_names() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def load_policy(name_or_file: str, *, detectors: Mapping[str, frozenset[Kind]] | None = None) -> Policy:
    """A preset by name, or a policy from a file. Raises UnknownPolicy or InvalidPolicy.

    detectors: as for `Policy.parse`, for a file; presets name those that there are.
    """
    if name_or_file in preset_names():
        return Policy.parse((PRESETS / f"{name_or_file}.yaml").read_text("utf-8"), origin=name_or_file)
    path = Path(name_or_file)
    if not path.is_file():
        raise UnknownPolicy(f"{name_or_file}: no such preset or file; presets: {', '.join(preset_names())}")
    try:
        return Policy.parse(path.read_text("utf-8"), origin=path.name, detectors=detectors)
    except (OSError, UnicodeDecodeError) as exc:
        raise UnknownPolicy(f"{name_or_file}: not readable as UTF-8 text: {exc}") from exc
