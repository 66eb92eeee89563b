"""What a person's sign-in proves, which records contradict each other, what settings are safe."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ibr.errors import NotUnderstood, RegistryError
from ibr.settings import Settings, read_settings
from ibr.subject.own.model import Wanted
from ibr.subject.own.rules import proved_in
from ibr.subject.own.told import TEXTS, VERSION, told_in
from ibr.subject.visits.model import Proved
from ibr.subject.visits.rules import Claim, all_of_one
from ibr.web.sign_in_settings import own_way_from

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
WANTED = Wanted(number_claim="uin", number_kind="uin", birth_claim="born", acr=("sure", "surer"))
RIGHT_CLAIMS = {
    "uin": " uin-1 ",
    "born": "1980-05-06",
    "acr": "surer",
    "auth_time": AT.timestamp() - 60,
}
DAY = date(1980, 5, 6)


def test_number_and_birth_date_are_taken_in_their_canonical_form() -> None:
    wanted = Proved("UIN", "UIN-1", DAY)
    assert proved_in(RIGHT_CLAIMS, WANTED, AT) == wanted
    assert proved_in(RIGHT_CLAIMS | {"born": "1980/05/06"}, WANTED, AT) == wanted


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"acr": "weak"}, "own.level"),
        ({"acr": None}, "own.level"),
        ({"auth_time": None}, "own.not_fresh"),
        ({"auth_time": True}, "own.not_fresh"),
        ({"auth_time": AT.timestamp() - 1_000}, "own.not_fresh"),
        ({"uin": ""}, "own.number"),
        ({"uin": 4711}, "own.number"),
        ({"uin": "4711 or 4712; drop"}, "own.number"),
        ({"born": None}, "own.birth_date"),
        ({"born": "1980-05"}, "own.birth_date"),
        ({"born": "0000-05-06"}, "own.birth_date"),
        ({"born": "2026-11-24"}, "own.birth_date"),
    ],
)
def test_what_is_missing_is_refused_and_never_named(change: dict[str, Any], code: str) -> None:
    with pytest.raises(RegistryError) as refused:
        proved_in(RIGHT_CLAIMS | change, WANTED, AT)
    assert refused.value.code == code
    assert "4711" not in refused.value.message
    assert "1980" not in refused.value.message


def claim(day: date | None, precision: int = 3, given: str = "Amina") -> Claim:
    return Claim(
        record_id=1,
        role=0,
        name={"given_name": given, "surname": "Hassan"},
        sex="female",
        birth_date=day,
        birth_precision=precision,
    )


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim(DAY)], True),
        ([claim(DAY), claim(date(1980, 1, 1), 1)], True),
        ([claim(DAY), claim(None, 0)], True),
        ([claim(DAY), claim(date(1999, 9, 9))], False),
        ([claim(DAY), claim(date(1981, 1, 1), 1)], False),
        ([claim(DAY), claim(None, 0, given="Zuhura")], False),
    ],
)
def test_one_record_that_speaks_of_somebody_else_is_enough(
    claims: list[Claim], expected: bool
) -> None:
    assert all_of_one(claims, DAY) is expected


def test_what_people_are_told_is_kept_by_version_and_language() -> None:
    english, french = told_in("en"), told_in("fr")
    assert english.version == french.version == VERSION
    assert english.digest != french.digest
    assert told_in("sw") == english
    assert set(TEXTS) == {"en", "fr"}


RIGHT = {
    "IBR_PROFILE": "production",
    "IBR_PUBLIC_URL": "https://registry.example",
    "IBR_PERSON_OIDC_ISSUER": "https://id.example",
    "IBR_PERSON_OIDC_CLIENT_ID": "people",
    "IBR_PERSON_OIDC_CLIENT_SECRET_FILE": "/etc/ibr/people-secret",
    "IBR_PERSON_OIDC_NUMBER_CLAIM": "individual_id",
    "IBR_PERSON_OIDC_ACR": "sure, surer",
}


@pytest.mark.parametrize(
    "change",
    [
        {"IBR_PERSON_OIDC_ISSUER": "http://id.example"},
        {"IBR_PERSON_OIDC_ISSUER": "http://127.0.0.1:9000"},
        {"IBR_PERSON_OIDC_CLIENT_ID": ""},
        {"IBR_PUBLIC_URL": ""},
        {"IBR_PERSON_OIDC_NUMBER_CLAIM": ""},
        {"IBR_PERSON_OIDC_SCOPE": "profile"},
        {"IBR_PERSON_OIDC_ACR": " , "},
        {"IBR_PERSON_OIDC_CLIENT_SECRET_FILE": ""},
        {"IBR_OIDC_ISSUER": "https://id.example/", "IBR_OIDC_CLIENT_ID": "people"},
        {"IBR_PERSON_HELP": "x" * 301},
    ],
)
def test_settings_that_cannot_work_or_are_not_safe_are_refused(change: dict[str, str]) -> None:
    assert read_settings(RIGHT).person_oidc_client_id == "people"
    with pytest.raises(NotUnderstood) as refused:
        read_settings(RIGHT | change)
    assert refused.value.code.startswith("setting.")


def test_without_an_issuer_there_is_no_way_and_while_developing_one_on_the_machine(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("agreed\n")
    secret.chmod(0o600)
    here = {
        "IBR_PERSON_OIDC_ISSUER": "http://127.0.0.1:9000",
        "IBR_PERSON_OIDC_CLIENT_ID": "people",
        "IBR_PERSON_OIDC_NUMBER_CLAIM": "uin",
        "IBR_PERSON_OIDC_CLIENT_SECRET_FILE": str(secret),
    }
    assert own_way_from(Settings(), None) is None  # type: ignore[arg-type]  # nothing is sent
    way = own_way_from(read_settings(here), None)  # type: ignore[arg-type]
    assert way is not None
    assert way.connector.place.back.endswith("/me/back")
    assert way.connector.place.client_secret == "agreed"
    assert way.wanted.acr == ()
    secret.chmod(0o644)
    with pytest.raises(NotUnderstood, match="IBR_PERSON_OIDC_CLIENT_SECRET_FILE: others may read"):
        own_way_from(read_settings(here), None)  # type: ignore[arg-type]
