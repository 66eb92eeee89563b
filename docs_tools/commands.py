"""The page of commands, from the command line's own description of itself."""

from __future__ import annotations

from typing import Any

import typer

from docs_tools.markdown import table
from ibr.cli.main import app

Command = Any  # click's classes, which Typer may bring along itself


def every_command() -> dict[str, Command]:
    """Each command by its whole name, in the order of `ibr --help`."""
    return dict(_walk(typer.main.get_command(app), "ibr"))


def _walk(command: Command, name: str) -> list[tuple[str, Command]]:
    if not hasattr(command, "list_commands"):
        return [(name, command)]
    context = command.make_context(name, [], resilient_parsing=True)
    return [
        each
        for word in command.list_commands(context)
        for each in _walk(command.get_command(context, word), f"{name} {word}")
    ]


def commands_page() -> str:
    parts = [
        "# Commands\n\nA command ends with 0 when it did what it was asked, with 1 when it "
        "refused or failed, having said why, and with 2 when it was called wrongly. With "
        "`--json` it prints JSON for programs.\n"
    ]
    for name, command in every_command().items():
        if command.hidden:
            continue
        shown = [each for each in command.params if not getattr(each, "hidden", False)]
        rows = [_row(each) for each in shown if each.name != "help"]
        parts.append(f"## {name}\n\n{(command.help or '').strip()}\n")
        if rows:
            parts.append(table(("argument or option", "default", "meaning"), rows))
    return "\n".join(parts)


def _row(parameter: Any) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        name = f"`{parameter.name.upper()}`"
    else:
        name = ", ".join(f"`{each}`" for each in (*parameter.opts, *parameter.secondary_opts))
    default = parameter.default
    if parameter.required:
        shown = "required"
    elif default in (None, False, (), []) or callable(default):
        shown = ""
    else:
        shown = f"`{getattr(default, 'value', default)}`"
    return name, shown, getattr(parameter, "help", None) or ""
