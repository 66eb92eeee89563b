"""A programme's system in one file: makes its key, reports an enrolment, asks whether it stands.

    python report_and_ask.py key                      makes partner.key and partner.jwks.json
    python report_and_ask.py report ADDRESS           needs partner.key and partner.json
    python report_and_ask.py ask ADDRESS UIN PROGRAMME

partner.json is what `ibr partners add … --json` prints. Needs the client (client/README.md);
without_the_client.py does the same in plain Python.
"""

import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from ibr_client import ClientError, Credentials, RegistryClient
from ibr_messages.types import (
    Beneficiary,
    Benefit,
    Identifier,
    Member,
    Name,
    Person,
    Programme,
)

REGISTRY = "ibr.example.org"


def make_key():
    """A private key that only its owner can read, and the public half to hand to the operator."""
    seed = secrets.token_hex(32)
    Path("partner.key").touch(mode=0o600)
    Path("partner.key").write_text(seed)
    # The names are the operator's to give; the key is there before them.
    nobody = Credentials(sender_id="", client_id="", client_secret="", key=seed)
    Path("partner.jwks.json").write_text(json.dumps(nobody.public_keys))


def registry(address):
    return RegistryClient(address, REGISTRY, Credentials.read("partner.json", "partner.key"))


def report(address):
    """One person, enrolled in one programme, with one payment."""
    record = Beneficiary(
        own_id="case-1001",
        assistance_unit="1",
        member=Member(
            member_identifier=[Identifier(identifier_type="UIN", identifier_value="847951632")],
            demographic_info=Person(
                name=Name(surname="Phumchai", given_name="Sudarat"),
                sex="female",
                birth_date="1995-09-21",
            ),
        ),
        programme_identifier=[Programme(programme_identifier="DCI001")],
        enrollment_date=datetime(2025, 12, 15, tzinfo=UTC),
        enrollment_status="1",
        benefits=[
            Benefit(
                benefit_type="1",
                benefit_date=datetime(2026, 1, 10, tzinfo=UTC),
                benefit_value="USD 50.00",
            )
        ],
    )
    with registry(address) as client:
        for outcome in client.report([record], cycle="2026-01").outcomes:
            print(outcome.reference_id, outcome.status, outcome.reason or "")


def ask(address, uin, programme):
    """Is the person with this UIN enrolled in the programme?"""
    with registry(address) as client:
        print("yes" if client.is_enrolled("UIN", uin, programme) else "no")


if __name__ == "__main__":
    try:
        {"key": make_key, "report": report, "ask": ask}[sys.argv[1]](*sys.argv[2:])
    except ClientError as wrong:
        sys.exit(str(wrong))
