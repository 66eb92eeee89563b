"""The tables of a snapshot: their columns, types and meaning, in one place.

A snapshot holds no name, no number and no address of anybody: people are numbers of the registry,
and numbers of people are tokens that are equal where the numbers are. Checks are written against
these tables, by whichever engine; the same list makes the Parquet files, the views over them and
the small tables of the checks' examples.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Type = Literal["BIGINT", "INTEGER", "SMALLINT", "BOOLEAN", "DATE", "DOUBLE", "VARCHAR"]

RULE_KINDS: Final[dict[str, str]] = {
    "age_from": '{"years": 65, "of": "person"}: youngest age; `of` is person (whom the record is '
    "about), head, or member (one such member is enough)",
    "age_to": '{"years": 5, "of": "person"}: oldest age, the whole year of it included',
    "sex": '{"sex": 2}: 1 male, 2 female',
    "disability": '{"required": true}: only for people with a recorded disability',
    "caregiver_cap": '{"households": 1}: records that one payee or caregiver may act for',
    "account_cap": '{"people": 3}: unrelated people that one account or phone may stand for',
    "amount": '{"minor": 5000, "currency": "XTS", "per": "unit", "tolerance_percent": 0}: what is '
    "due in a cycle; `per` is unit or member; `from_age` where it begins at an age, `most_members` "
    "where more members bring no more; several rows: the highest that fits",
    "caseload_cap": '{"area": "R01", "records": 1200}: records that may be active in an area; '
    "without an area in all",
    "death_grace": '{"days": 30}: days after a death in which a payment is still lawful',
    "survivor": '{"programme": "SUR"}: the programme that lawfully pays survivors; the '
    "programme's own code where its payments after a death go to survivors",
    "entitles": '{"everybody": true}: who meets the other rules is entitled, and may be told so',
}
"""What a row of programme_rule can say, by its kind."""


class Column(msgspec.Struct, frozen=True):
    name: str
    type: Type
    about: str


class Table(msgspec.Struct, frozen=True):
    """A table of a snapshot; `order` are the columns that its rows are sorted by."""

    name: str
    about: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _table(name: str, about: str, order: str, *columns: tuple[str, Type, str]) -> Table:
    return Table(name, about, tuple(Column(*each) for each in columns), tuple(order.split()))


_PROGRAMMES: Final = (
    _table(
        "moment",
        "The moment that the snapshot is of; one row.",
        "as_known_on",
        ("as_known_on", "DATE", "the day on which it was taken"),
    ),
    _table(
        "programme",
        "Programmes as the catalogue has them.",
        "programme_id",
        ("programme_id", "INTEGER", "the registry's number for the programme"),
        ("code", "VARCHAR", "its code, for explanations"),
        ("assistance_unit", "SMALLINT", "1 person, 2 household, 3 family; empty where both"),
        ("functions", "VARCHAR", "codes of what it protects against, as `1,4`"),
        ("benefit_type", "SMALLINT", "code of what it mainly gives"),
        ("currency", "VARCHAR", "of values that name none"),
        ("cycle_months", "SMALLINT", "months between two benefits"),
        ("contribution_type", "SMALLINT", "1 and 2 contributory, 3 not"),
        ("valid_from", "DATE", "first day of the programme"),
        ("valid_to", "DATE", "last day, empty while it runs"),
    ),
    _table(
        "programme_rule",
        "What a programme's rules say, by kind; see RULE_KINDS.",
        "programme_id kind valid_from rule_no",
        ("rule_no", "INTEGER", "the row"),
        ("programme_id", "INTEGER", "the programme"),
        ("kind", "VARCHAR", "what the rule is about"),
        ("value", "VARCHAR", "the rule as JSON"),
        ("legal_reference", "VARCHAR", "the law that says so"),
        ("valid_from", "DATE", "first day"),
        ("valid_to", "DATE", "last day, empty while it holds"),
    ),
    _table(
        "pair",
        "Which programmes exclude each other, may go together or belong together.",
        "first_programme second_programme valid_from pair_no",
        ("pair_no", "INTEGER", "the row"),
        ("first_programme", "INTEGER", "the one with the smaller number"),
        ("second_programme", "INTEGER", "the other"),
        ("relation", "VARCHAR", "incompatible, allowed or complementary"),
        ("unit", "VARCHAR", "person or household"),
        ("same_period", "BOOLEAN", "whether only benefits for the same period count"),
        ("tolerance_days", "SMALLINT", "lawful days of transition"),
        ("cap_minor", "BIGINT", "both are allowed up to this sum a month"),
        ("currency", "VARCHAR", "of the cap"),
        ("keeps", "INTEGER", "the programme that stays"),
        ("conditions", "VARCHAR", "JSON: min_age, max_age, sex, is_disabled, entitled_to"),
        ("legal_reference", "VARCHAR", "the law that says so"),
        ("valid_from", "DATE", "first day"),
        ("valid_to", "DATE", "last day, empty while it holds"),
    ),
    _table(
        "area",
        "Areas and what they lie in.",
        "code",
        ("code", "VARCHAR", "the area"),
        ("parent", "VARCHAR", "the area it lies in"),
        ("level", "SMALLINT", "0 the country, 1 regions, 2 districts"),
    ),
    _table(
        "exemption",
        "Who or what is lawfully exempt from a check. Exempt findings (`same_as`) are left out by "
        "the runner; a check itself looks at exempt numbers (`token`) and programmes.",
        "check_code exemption_no",
        ("exemption_no", "INTEGER", "the row"),
        ("check_code", "VARCHAR", "the check"),
        ("programme_id", "INTEGER", "only in this programme; empty for all"),
        ("token", "BIGINT", "token of a number that is exempt, as in `number`"),
        ("same_as", "VARCHAR", "the very finding that is exempt, in hexadecimal"),
        ("valid_from", "DATE", "first day"),
        ("valid_to", "DATE", "last day, empty while it holds"),
    ),
)

_PEOPLE: Final = (
    _table(
        "record",
        "A person or group as one programme reports it.",
        "record_id",
        ("record_id", "BIGINT", "the record"),
        ("programme_id", "INTEGER", "the programme"),
        ("unit", "SMALLINT", "1 person, 2 household, 3 family"),
        ("region_code", "VARCHAR", "region of the address"),
        ("district_code", "VARCHAR", "district of the address"),
        ("group_size", "INTEGER", "members as reported; empty for a person"),
        ("delivery_office", "VARCHAR", "who sends the record: the reporting partner's sender_id"),
        ("known_on", "DATE", "when the registry learned its present content"),
    ),
    _table(
        "appearance",
        "A person as one record shows them: the record's own, or a member of its group.",
        "record_id appearance_no",
        ("record_id", "BIGINT", "the record"),
        ("appearance_no", "SMALLINT", "0 the record's own person, from 1 members"),
        ("member_no", "SMALLINT", "place in the report; -1 its own person; empty: no longer named"),
        ("programme_id", "INTEGER", "the programme"),
        ("person_id", "BIGINT", "who it is; below 0, and nobody else's, where not linked yet"),
        ("is_own", "BOOLEAN", "whether it is whom the record is about"),
        ("is_head", "BOOLEAN", "whether it is the head of the group"),
        ("relationship", "VARCHAR", "to the head, as reported (CD.COM.07)"),
        ("sex", "SMALLINT", "1 male, 2 female, 3 other, 0 unknown"),
        ("birth_date", "DATE", "first possible day where only year or month is known"),
        ("birth_precision", "SMALLINT", "0 unknown, 1 year, 2 month, 3 day"),
        ("death_date", "DATE", "as this record reports it"),
        ("is_disabled", "BOOLEAN", "whether reported as living with a disability"),
    ),
    _table(
        "number",
        "Identifiers, phones and accounts of an appearance, and of whoever is named with it.",
        "kind token record_id appearance_no tie",
        ("record_id", "BIGINT", "the record"),
        ("appearance_no", "SMALLINT", "the appearance"),
        ("programme_id", "INTEGER", "the programme"),
        ("kind", "VARCHAR", "identifier type in capitals; PHONE and ACCOUNT for contacts"),
        ("tie", "VARCHAR", "empty for the person's own; else whose it is, as PAYEE"),
        ("token", "BIGINT", "equal where the numbers are"),
    ),
    _table(
        "link_open",
        "Pairs of appearances that may be one person and wait to be looked at.",
        "low_record low_no high_record high_no",
        ("low_record", "BIGINT", "record of the first appearance"),
        ("low_no", "SMALLINT", "the first appearance"),
        ("high_record", "BIGINT", "record of the second"),
        ("high_no", "SMALLINT", "the second appearance"),
        ("low_programme", "INTEGER", "programme of the first"),
        ("high_programme", "INTEGER", "programme of the second"),
        ("low_person", "BIGINT", "person of the first, as in `appearance`"),
        ("high_person", "BIGINT", "person of the second"),
        ("weight", "DOUBLE", "log2 of the odds that they are one person"),
        ("why", "VARCHAR", "why it is open though it weighs enough; else empty"),
    ),
    _table(
        "death",
        "Every word that a person has died, one row for each source and appearance.",
        "person_id source record_id appearance_no",
        ("record_id", "BIGINT", "the record of the appearance"),
        ("appearance_no", "SMALLINT", "the appearance"),
        ("person_id", "BIGINT", "the person"),
        ("died_on", "DATE", "day of death; empty where only the death is known"),
        ("known_on", "DATE", "when the registry learned of it"),
        ("source", "VARCHAR", "civil, social, disability, or programme: and its code"),
        ("sources_agreeing", "SMALLINT", "how many sources say that this person died"),
    ),
    _table(
        "told",
        "What other registries told about a person, as it counts now; one row for each source.",
        "person_id attribute source record_id appearance_no",
        ("record_id", "BIGINT", "the record of the appearance"),
        ("appearance_no", "SMALLINT", "the appearance"),
        ("person_id", "BIGINT", "the person"),
        ("attribute", "VARCHAR", "code of the attribute (sources/attributes.py)"),
        ("value", "VARCHAR", "the value as JSON; never an address, name or number"),
        ("since", "DATE", "the source's own day of the news"),
        ("known_on", "DATE", "when the registry learned it"),
        ("source", "VARCHAR", "civil, social or disability"),
    ),
)

_GIVEN: Final = (
    _table(
        "enrolment",
        "One record in one programme.",
        "record_id",
        ("record_id", "BIGINT", "the record"),
        ("programme_id", "INTEGER", "the programme"),
        ("enrolled_on", "DATE", "day of enrolment; empty where not reported"),
        ("status", "SMALLINT", "code of enrolment_status"),
        ("status_on", "DATE", "since when; empty where nothing was ever said"),
    ),
    _table(
        "span",
        "An enrolment's time in parts of one status each; the last part is open.",
        "record_id first_day",
        ("record_id", "BIGINT", "the record"),
        ("programme_id", "INTEGER", "the programme"),
        ("first_day", "DATE", "first day of the part"),
        ("last_day", "DATE", "last day, both within; empty while it lasts"),
        ("status", "SMALLINT", "code of enrolment_status"),
        ("active", "BOOLEAN", "whether benefits may be due: active, reinstated, to be renewed"),
        ("enrolled", "BOOLEAN", "whether the answer to `enrolled` is yes in this status"),
    ),
    _table(
        "benefit",
        "What was given.",
        "record_id given_on benefit_type",
        ("record_id", "BIGINT", "who received it"),
        ("programme_id", "INTEGER", "who gave it"),
        ("given_on", "DATE", "the day"),
        ("month", "DATE", "first day of its month"),
        ("benefit_type", "SMALLINT", "code of benefit_type"),
        ("value_minor", "BIGINT", "value in minor units; empty for things"),
        ("currency", "VARCHAR", "ISO 4217 code"),
        ("quantity", "INTEGER", "how many, for things"),
        ("known_on", "DATE", "when the registry learned it"),
    ),
)

TABLES: Final[tuple[Table, ...]] = (*_PROGRAMMES, *_PEOPLE, *_GIVEN)
BY_NAME: Final[dict[str, Table]] = {table.name: table for table in TABLES}


def created(table: Table) -> str:
    """The DuckDB statement that makes an empty table of this shape."""
    columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
    return f'create table "{table.name}" ({columns})'
