"""`ibr`: every command by its noun."""

from __future__ import annotations

import typer

from ibr.cli import db, demo, doctor, partners, programmes, serve, staff

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
app.add_typer(staff.app, name="staff")
app.add_typer(db.app, name="db")


def main() -> None:
    """Runs the command line."""
    app()
