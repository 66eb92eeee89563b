"""`ibr`: every command by its noun.

A noun's file is read when the noun is used: reading all of them, with the web framework, the
database and DuckDB, would take every command two seconds before it begins.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

NOUNS: Final = {
    "serve": "Run the registry; ready when GET /health/ready answers 200.",
    "doctor": "Look at everything the registry needs and say what is wrong with it.",
    "demo": "The made-up country Talmira.",
    "programmes": "The programme catalogue.",
    "reporting": "When programmes report, what came, who is reminded.",
    "areas": "Administrative areas and their outlines.",
    "population": "How many people live where, by source.",
    "partners": "Who may speak to the registry.",
    "agreements": "What each partner may tell, ask and see, by which law, until when.",
    "budgets": "How many different people each asker may ask about, and does.",
    "retention": "How long each class of data is kept, and what is held.",
    "erasure": "People erased at a request, with the keys of their records.",
    "privacy": "The record of processing and the impact assessment.",
    "keys": "The registry's own keys.",
    "sources": "Other registries to ask and to listen to.",
    "deliveries": "What was sent: see, let go, refuse, void.",
    "outbox": "Promised messages to partners: see, send again, replay.",
    "subscriptions": "Who wants to hear of which changes.",
    "intake": "What programmes tell, in files.",
    "linkage": "Who is who: which records are the same person.",
    "checks": "Look for what does not go together, and for what is missing.",
    "pairs": "Which programmes exclude each other, may go together or belong together.",
    "rules": "Ages, caps and amounts that checks go by.",
    "cases": "What becomes of findings.",
    "statements": "Is a statement that somebody shows ours, and unchanged?",
    "review": "Possible links, looked at by people.",
    "indicators": "Figures: who is reached, who is not, what it costs.",
    "publish": "Releases of figures to the public and to partners.",
    "audit": "The audit trail: verify, export, find, prove, seal.",
    "staff": "Officers who use the pages.",
    "sandbox": "For integrators: try things, check an endpoint.",
    "db": "Upgrade, back up, restore and check the database.",
}
"""Each noun stands in the file of its name, with what `ibr --help` says of it."""


# A file called rules holds pure rules everywhere (DEVELOPERS.md).
_OTHER_FILES: Final = {"rules": "programme_rules"}
_LISTS_ONLY: Final = "ibr.lists_only"


class Nouns(TyperGroup):
    """The nouns as Typer sees them, each read from its file when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer hands it over
        """The nouns in the order of the table."""
        return list(NOUNS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The noun's command; None where there is no such noun."""
        if cmd_name not in NOUNS:
            return None
        if _LISTS_ONLY in ctx.meta:
            return TyperCommand(cmd_name, help=NOUNS[cmd_name])
        return _read(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Lists the nouns without reading their files."""
        ctx.meta[_LISTS_ONLY] = True
        super().format_help(ctx, formatter)


def _read(noun: str) -> Any:
    module: Any = import_module(f"ibr.cli.{_OTHER_FILES.get(noun, noun)}")
    if noun in ("serve", "doctor"):
        single = typer.Typer(pretty_exceptions_show_locals=False, add_completion=False)
        single.command(noun)(getattr(module, noun))
        return typer.main.get_command(single)
    group = typer.main.get_group(module.app)
    group.name = noun
    return group


app = typer.Typer(
    name="ibr",
    cls=Nouns,
    help="The Integrated Beneficiary Registry: who receives which benefit from which programme.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def _every_command() -> None:
    """The Integrated Beneficiary Registry: who receives which benefit from which programme."""


def main() -> None:
    """Runs the command line."""
    app()
