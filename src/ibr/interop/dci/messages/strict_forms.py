"""A loosely written Beneficiary as one strict record for each programme it speaks of.

Wherever the programme and the enrolment stand (digest.md 10.1, rows 2 to 4), they are put beside
the member; what stands there already gives way to what the programme itself says.
"""

from __future__ import annotations

from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.programme_kinds import ASSISTANCE_UNIT
from ibr.interop.dci.messages.loose import ABSENT, Object
from ibr.interop.dci.messages.tolerant import MEMBER_ALIASES, MEMBER_MEMBERS, Reader
from ibr.reported.facts import Unreadable

_ENROLMENT = {
    "enrolment_date": "enrollment_date",
    "enrolment_status": "enrollment_status",
    "enrollement_date": "enrollment_date",
    "enrollement_status": "enrollment_status",
    "benefit": "benefits",
}
_TOP = (
    "assistance_unit",
    "group",
    "member",
    "programme_identifier",
    "enrollment_date",
    "enrollment_status",
    "status_change_date",
    "benefits",
    "additional_attributes",
)
_PROGRAMME_LEVEL = ("enrollment_date", "enrollment_status", "status_change_date", "benefits")


def strict_forms(raw: object) -> tuple[list[Object], tuple[str, ...]]:
    """The strict records, one a programme, that a loosely written one stands for; the warnings.

    Unreadable names the field that no reading of digest.md 10.1 fits.
    """
    loose = Reader()
    if not isinstance(raw, dict):
        raise Unreadable(
            "record.field", "A beneficiary must be a JSON object.", field="beneficiary"
        )
    own_id = raw.get("@id")
    top = loose.members(raw, "beneficiary", _ENROLMENT)
    top.pop("@id", None)
    # People put the person's own members beside `member`; the person keeps them.
    stray = {
        name: top.pop(name)
        for name in list(top)
        if name in (*MEMBER_MEMBERS, *MEMBER_ALIASES) and name != "additional_attributes"
    }
    member_raw = top.pop("member", None)
    if stray:
        loose.warn("member_unpacked")
        member_raw = {**stray, **(member_raw if isinstance(member_raw, dict) else {})}
    programmes = _programmes(loose, top, member_raw)
    member, group = loose.member(member_raw), loose.group(top.pop("group", None))
    if "assistance_unit" in top:
        loose.code(top, "assistance_unit", ASSISTANCE_UNIT, keep_unknown=False)
    else:
        loose.warn("assistance_unit_inferred")
        top["assistance_unit"] = "2" if group and not member else "1"
    loose.additional(top, loose.rest(top, _TOP))
    base: Object = {"assistance_unit": top["assistance_unit"]}
    if own_id not in ABSENT:
        base["@id"] = str(own_id)
    if member:
        base["member"] = member
    if group:
        base["group"] = group
    if len(programmes) > 1:
        loose.warn("several_programmes_in_one_record")
    forms = [{**base, **_enrolment(loose, top, programme)} for programme in programmes]
    return forms, tuple(loose.warnings)


def _programmes(loose: Reader, top: Object, member: object) -> list[Object]:
    """The programmes with what is said of the enrolment in each, wherever it stands."""
    given = top.pop("programme_identifier", None)
    if given in ABSENT and isinstance(member, dict):
        given = member.get("programme_identifier")
        if given not in ABSENT:
            loose.warn("programme_on_member")

    def read(value: object) -> Object | None:
        if isinstance(value, str):
            loose.warn("programme_as_text")
            return {"programme_identifier": value}
        cleaned = loose.members(
            value,
            "programme_identifier",
            {
                **_ENROLMENT,
                "programme_code": "programme_identifier",
                "program_identifier": "programme_identifier",
                "program": "programme",
            },
        )
        if "programme" in cleaned:
            loose.warn("programme_nested")
            inner = loose.members(cleaned.pop("programme"), "programme", _ENROLMENT)
            cleaned = {**inner, **cleaned}
        loose.strings(cleaned, "programme_identifier", "programme_name")
        return cleaned

    return loose.each(given, "programme_identifier", read)


def _enrolment(loose: Reader, top: Object, programme: Object) -> Object:
    """What a strict record says of one programme: the programme's own words before the record's."""
    said = {name: programme.get(name, top.get(name)) for name in _PROGRAMME_LEVEL}
    said = {name: value for name, value in said.items() if value not in ABSENT}
    loose.code(said, "enrollment_status", ENROLMENT_STATUS, keep_unknown=False)
    loose.strings(said, "enrollment_date")
    if isinstance(said.get("status_change_date"), str):
        said["status_change_date"] = [said["status_change_date"]]
        loose.warn("text_for_list.status_change_date")
    if "benefits" in said:
        said["benefits"] = loose.each(said["benefits"], "benefits", loose.benefit)
    named: Object = {"@type": "Programme"}
    for name in ("programme_identifier", "programme_name"):
        if isinstance(programme.get(name), str):
            named[name] = programme[name]
    if "programme_identifier" not in named:
        raise Unreadable(
            "record.field",
            "Name the programme: programme_identifier: [{programme_identifier: …}].",
            field="programme_identifier",
        )
    return {**said, "programme_identifier": [named]}
