"""Policy documents as YAML: a strict loader that remembers lines, and faults told by line and remedy."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic_core import ErrorDetails

Path = tuple[int | str, ...]


def load(text: str) -> tuple[object, dict[Path, int]]:
    """The document, and the line (from 1) of each of its values. Raises yaml.YAMLError.

    A key given twice is an error: YAML readers disagree about which one counts.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    lines: dict[Path, int] = {}
    if node is not None:
        _walk(node, (), lines)
    return yaml.safe_load(text), lines


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(str(key.value))
            _walk(value, (*path, str(key.value)), lines)
            lines[*path, str(key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), lines)


def roots(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without the faults that only follow from another one further inside the document."""
    places = [error["loc"] for error in errors]
    return [
        error
        for error in errors
        if not any(
            len(place) > len(error["loc"]) and place[: len(error["loc"])] == error["loc"] for place in places
        )
    ]


def explain(error: ErrorDetails, lines: dict[Path, int]) -> str:
    """One fault as "LINE: PLACE: what is wrong and what to write instead"."""
    path: Path = tuple(error["loc"])
    near = path
    while near not in lines and near:
        near = near[:-1]
    place = ".".join(str(part) for part in path) or "document"
    return f"{lines.get(near, 1)}: {place}: {_remedy(error)}"


def _remedy(error: ErrorDetails) -> str:
    context: dict[str, Any] = error.get("ctx") or {}
    match error["type"]:
        case "missing":
            return "is missing; add it"
        case "extra_forbidden":
            return "is not a word of a policy; remove it or mend its spelling"
        case "enum":
            return f"is {error['input']!r}; write one of {context.get('expected', 'the known words')}"
        case _:
            return f"{error['msg']} (you wrote {error['input']!r})"
