"""Examples for the API's reference, made from the schemas: what a field is called says what stands in it.

So no route can be without one, and none can grow old: tests check each against its own schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TIME: Final = "2030-01-31T18:00:00Z"

IDS: Final = {
    "asset": "asset-0b7e52f1c94d83a6e015d2c7",
    "copy": "copy-91d3c5e07af24b86d1c90e3f",
    "dataset": "dataset-5f0c9a31e2b84d6f77a01c3e",
    "grant": "grant-c26e80d95b1f47a3920db86e",
    "labels": "labels-7d04e1ba36c852f09b12a4de",
    "person": "person-3a9f6c20d7e1485b84c20f19",
    "task": "task-e84b10f75c2d9360ab4f71c8",
}

BY_NAME: Final[dict[str, Any]] = {
    **IDS,
    "copy_id": IDS["copy"],
    "next": None,
    "after": "",
    "purpose": "label-pedestrians",
    "policy": "street",
    "policy_version": "sha256:4be1c8d20f7a9356e1b0",
    "media_type": "image/jpeg",
    "name": "crossing, May",
    "reason": None,
    "state": "released",
    "revoked_at": None,
    "bytes": 184_213,
    "width": 1280,
    "height": 720,
    "frames": 1,
    "hidden": 3,
    "filled": 0,
    "attempts": 1,
    "revision": 1,
    "number": 1,
    "submissions": 0,
    "milliseconds": {"decode": 21, "detect": 340, "encode": 18},
    "ignored": ["info"],
    "yours": True,
    "lease_until": TIME,
    "seconds": 1800,
    "open": 12,
    "claimed": 2,
    "submitted": 86,
}
"""What stands in a field of this name, where its schema allows it."""

BY_OWNER: Final[dict[tuple[str, str], Any]] = {
    ("AssetOut", "id"): IDS["asset"],
    ("AssetLine", "id"): IDS["asset"],
    ("CategoryForm", "id"): 1,
    ("CategoryForm", "name"): "pedestrian",
    ("CopyOut", "id"): IDS["copy"],
    ("DatasetOut", "id"): IDS["dataset"],
    ("GrantOut", "id"): IDS["grant"],
    ("ProofOut", "id"): "proof-4c8e20f6b13d97a50e62f1d8",
    ("ProofOut", "state"): "proven",
    (
        "ProofOut",
        "certificate",
    ): '{"asset": "asset-0b7e52f1c94d83a6e015d2c7", …}\n\n— privgate-1c0f….prover 5vk…\n',
    ("ProofOut", "made_with"): None,
    ("ProofOut", "proved_with"): None,
    ("SubmissionOut", "id"): IDS["labels"],
    ("SubmissionOut", "labels"): 7,
    ("TaskOut", "id"): IDS["task"],
    ("TaskOut", "state"): "claimed",
}
"""The same for a field of one schema, which goes before."""

BY_FORMAT: Final = {"date-time": TIME, "date": "2030-01-31", "uri": "https://example.org/"}

Schema = Mapping[str, Any]


def example_of(schema: Schema, components: Mapping[str, Schema], *, owner: str = "", name: str = "") -> Any:
    """A value that fits the schema. owner, name: the schema and the field that it stands in, if any."""
    if "$ref" in schema:
        known = str(schema["$ref"]).rpartition("/")[2]
        return example_of(components[known], components, owner=known, name=name)
    if (owner, name) in BY_OWNER:
        return BY_OWNER[owner, name]
    for given in ("example", "const", "default"):
        if given in schema and schema[given] not in (None, []):
            return schema[given]
    if schema.get("examples"):
        return schema["examples"][0]
    if name in BY_NAME and _fits(BY_NAME[name], schema):
        return BY_NAME[name]
    if "enum" in schema:
        return schema["enum"][0]
    return _composed(schema, components, owner, name)


def _composed(schema: Schema, components: Mapping[str, Schema], owner: str, name: str) -> Any:
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            first = next((one for one in schema[several] if one.get("type") != "null"), schema[several][0])
            return example_of(first, components, owner=owner, name=name)
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {field: example_of(s, components, owner=owner, name=field) for field, s in fields.items()}
        case "array":
            return [example_of(schema.get("items", {}), components, owner=owner, name=name)]
        case "string":
            return BY_FORMAT.get(schema.get("format", ""), "text")
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return None


def _fits(value: Any, schema: Schema) -> bool:
    """Whether a value is of the schema's kind; enough to tell a name's two meanings apart."""
    if "$ref" in schema:
        return False
    choices = schema.get("anyOf") or schema.get("oneOf") or [schema]
    kinds = {choice.get("type") for choice in choices}
    if value is None:
        return "null" in kinds
    if "enum" in schema:
        return value in schema["enum"]
    wanted = {str: "string", int: "integer", bool: "boolean", dict: "object", list: "array"}[type(value)]
    if wanted == "string" and any(choice.get("format", "date-time") != "date-time" for choice in choices):
        return False
    return wanted in kinds and "pattern" not in schema
