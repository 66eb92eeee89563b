"""`ibr`: every command by its noun."""

from __future__ import annotations

import typer

from ibr.cli import (
    db,
    demo,
    doctor,
    keys,
    outbox,
    partners,
    programmes,
    sandbox,
    serve,
    sources,
    staff,
    subscriptions,
)

app = typer.Typer(
    name="ibr",
    help="The Integrated Beneficiary Registry: who receives which benefit from which programme.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.add_typer(demo.app, name="demo")
app.add_typer(programmes.app, name="programmes")
app.add_typer(partners.app, name="partners")
app.add_typer(keys.app, name="keys")
app.add_typer(sources.app, name="sources")
app.add_typer(outbox.app, name="outbox")
app.add_typer(subscriptions.app, name="subscriptions")
app.add_typer(staff.app, name="staff")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(db.app, name="db")


def main() -> None:
    """Runs the command line."""
    app()
