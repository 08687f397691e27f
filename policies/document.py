"""Policy documents as YAML: a strict loader that remembers lines, and faults told by line and remedy.

Other documents that people write by hand are read the same way; `what` then says what they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import yaml
from pydantic_core import ErrorDetails

from policies.errors import Fault

Path = tuple[int | str, ...]

MAX_CHARACTERS: Final = 64 * 1024
"""A policy is a page or two; the YAML reader needs about a second a megabyte."""

MAX_QUOTED: Final = 80
"""Characters of a wrong value that a message repeats."""

_MAPPING: Final = {"policy": "a policy is a mapping with name, title and rules; see the preset street.yaml"}
"""What a document is that is no mapping at all, and where to see one."""


class NotYaml(Exception):
    """line: from 1. The message says what is wrong there, and what to do."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def load(text: str, *, what: str = "policy") -> tuple[object, dict[Path, int]]:
    """The document, and the line (from 1) of each of its values. Raises NotYaml.

    Stricter than YAML: a key given twice is an error (readers disagree about which one counts), and so is an
    alias, since a few lines of them unfold into billions of values.
    """
    if len(text) > MAX_CHARACTERS:
        raise NotYaml(1, f"longer than {MAX_CHARACTERS} characters; a {what} is a page or two")
    with _told(what):
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: dict[Path, int] = {}
        if node is None:
            return None, lines
        _walk(node, (), lines)
        return loader.construct_document(node), lines


def compose(text: str) -> yaml.Node | None:
    """The document's nodes with their places, for whoever changes the text in place. Raises NotYaml."""
    with _told("policy"):
        return _Loader(text).get_single_node()


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What the YAML library raises, as NotYaml."""
    try:
        yield
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        raise NotYaml(1 if mark is None else mark.line + 1, exc.problem or "not readable") from exc
    except yaml.YAMLError as exc:
        raise NotYaml(1, "holds a character that YAML does not allow; save it as plain text") from exc
    except RecursionError as exc:
        raise NotYaml(1, f"nested too deep; a {what} has three levels") from exc
    except (ValueError, OverflowError) as exc:
        raise NotYaml(1, "holds a date or number that does not exist") from exc


class _Loader(yaml.SafeLoader):
    """Builds plain values only, and nothing twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            problem = "an alias (*) is not taken here; write the value out"
            raise yaml.composer.ComposerError(None, None, problem, self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                problem = f"the key {_quoted(name)} stands twice; remove one of the two"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
            _walk(value, (*path, name), lines)
            lines[*path, name] = key.start_mark.line + 1
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


def explain(error: ErrorDetails, lines: dict[Path, int], *, what: str = "policy") -> Fault:
    """One fault: its line, and "PLACE: what is wrong and what to write instead"."""
    path: Path = tuple(error["loc"])
    near = path
    while near not in lines and near:
        near = near[:-1]
    place = ".".join(str(part) for part in path) or "document"
    return Fault(lines.get(near, 1), f"{place}: {_remedy(error, what)}")


def _remedy(error: ErrorDetails, what: str) -> str:
    context: dict[str, Any] = error.get("ctx") or {}
    match error["type"]:
        case "missing":
            return "is missing; add it"
        case "extra_forbidden":
            return f"is not a word of a {what}; remove it or mend its spelling"
        case "enum":
            return f"is {_quoted(error['input'])}; write one of {context.get('expected', 'the known words')}"
        case "model_type" | "model_attributes_type" if not error["loc"]:
            return _MAPPING.get(what, f"a {what} is a mapping of names to values")
        case "tuple_type":
            return (
                f"is {_quoted(error['input'])}; write a list, in square brackets or line by line with dashes"
            )
        case "value_error":
            return str(context["error"])
        case "float_type" | "int_type" | "int_from_float":
            return f"is {_quoted(error['input'])}; write a {'whole ' if 'int' in error['type'] else ''}number"
        case "less_than_equal" | "greater_than_equal" | "greater_than":
            bound, most = next(iter(context.items()))[1], error["type"] == "less_than_equal"
            side = "at most" if most else "at least" if error["type"] == "greater_than_equal" else "more than"
            return f"is {_quoted(error['input'])}; write {side} {bound}"
        case _:
            return f"{error['msg']} (you wrote {_quoted(error['input'])})"


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
