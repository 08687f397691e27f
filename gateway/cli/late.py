"""Commands whose modules are imported when they are called: asking for help need not wait for OpenVINO."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from gateway.cli.stopping import telling


@contextmanager
def loading() -> Iterator[None]:
    """While modules are imported: what they make stays, and need not be looked through for garbage.

    Looking took a quarter of a server's start. Frozen, it is not looked through later either.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@dataclass(frozen=True, slots=True)
class LateCommand:
    """Where a command lies: a function of a module, or its `app` of several commands; and its first line."""

    module: str
    attribute: str
    summary: str

    def load(self, name: str) -> TyperCommand | TyperGroup:
        with loading():
            found = getattr(import_module(self.module), self.attribute)
        group = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            group.add_typer(found, name=name)
        else:
            group.command(name)(found)
        command = get_group(group).commands[name]
        assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101  (what Typer makes)
        return command


def group_of(commands: Mapping[str, LateCommand]) -> type[TyperGroup]:
    """The class of a group that has these commands, in this order."""

    class LateGroup(TyperGroup):
        def __init__(self, **attributes: object) -> None:
            # For the list in the help and for the hint at a misspelt name, the summaries suffice.
            listed = {name: TyperCommand(name, help=late.summary) for name, late in commands.items()}
            super().__init__(**(attributes | {"commands": listed}))  # type: ignore[arg-type]

        def invoke(self, ctx: Any) -> Any:
            # Ctrl-C, where a command has not said itself what it leaves. Status 1 would say "not verified".
            with telling("what was done stays done"):
                return super().invoke(ctx)

        def resolve_command(
            self, ctx: Any, args: list[str]
        ) -> tuple[str | None, Any, list[str]]:  # Any: the click within Typer is private
            name, command, rest = super().resolve_command(ctx, args)
            if name is None or name not in commands:
                return name, command, rest
            return name, commands[name].load(name), rest

    return LateGroup
