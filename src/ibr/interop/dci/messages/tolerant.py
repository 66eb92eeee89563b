"""Puts a loosely written Beneficiary into strict form (digest.md 10.1), saying what it changed.

Every change is a warning by its name, counted in the delivery's score; nothing is dropped unseen:
a member that has no place in the strict form is kept in additional_attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ibr.codelists.code_list import CodeList
from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.people import (
    EDUCATION_LEVEL,
    EMPLOYMENT_STATUS,
    FUNCTIONAL_LIMITATION,
    FUNCTIONAL_SEVERITY,
    MARITAL_STATUS,
    OCCUPATION,
    SEX,
)
from ibr.codelists.programme_kinds import ASSISTANCE_UNIT, BENEFIT_TYPE
from ibr.reported.facts import Unreadable

Object = dict[str, Any]
_ABSENT: tuple[Any, ...] = (None, "", [], {})

_NAME = {"first_name": "given_name", "last_name": "surname", "sur_name": "surname",
         "family_name": "surname", "middle_name": "second_name"}
_ADDRESS = {"address_line1": "address_line_1", "address_line2": "address_line_2",
            "street_address": "address_line_1", "city": "locality", "country": "country_code",
            "district": "sub_region_code", "region": "region_code"}
_MEMBER = {"self_id_disability": "is_disabled", "last_update": "last_updated"}
_GROUP = {"place": "geographical_location", "members": "member_list", "size": "group_size",
          "last_update": "last_updated"}
_BENEFIT = {"benefit_amount": "benefit_value", "date_received": "benefit_date",
            "benefit_name": "benefit_description", "benefit_label": "benefit_description"}
_ENROLMENT = {"enrolment_date": "enrollment_date", "enrolment_status": "enrollment_status",
              "enrollement_date": "enrollment_date", "enrollement_status": "enrollment_status",
              "benefit": "benefits"}

_NAME_MEMBERS = ("surname", "given_name", "second_name", "maiden_name", "prefix", "suffix")
_ADDRESS_MEMBERS = ("address_line_1", "address_line_2", "locality", "sub_region_code",
                    "region_code", "postal_code", "country_code", "geo_location")
_PERSON_MEMBERS = ("identifier", "name", "sex", "birth_date", "death_date", "address",
                   "phone_number", "email", "registration_date", "last_updated")
_MEMBER_MEMBERS = ("member_identifier", "demographic_info", "related_person", "is_disabled",
                   "disability_info", "marital_status", "employment_status", "occupation",
                   "income_level", "language_code", "education_level", "additional_attributes",
                   "registration_date", "last_updated")
_GROUP_MEMBERS = ("group_identifier", "group_type", "geographical_location", "address",
                  "place_address", "poverty_score", "poverty_score_type", "group_head_info",
                  "group_size", "member_list", "registration_date", "last_updated",
                  "additional_attributes")
_TOP = ("assistance_unit", "group", "member", "programme_identifier", "enrollment_date",
        "enrollment_status", "status_change_date", "benefits", "additional_attributes")
_PROGRAMME_LEVEL = ("enrollment_date", "enrollment_status", "status_change_date", "benefits")


class Loose:
    """One record on its way to the strict form, with the warnings it earned."""

    def __init__(self) -> None:
        self.warnings: dict[str, None] = {}

    def warn(self, what: str) -> None:
        self.warnings[what] = None

    def members(self, given: object, field: str, aliases: Mapping[str, str]) -> Object:
        """An object without its absent members, with every alias by its proper name."""
        if given in _ABSENT:
            return {}
        if not isinstance(given, dict):
            raise Unreadable("record.field", f"{field} must be an object.", field=field)
        cleaned: Object = {}
        for name, value in given.items():
            if value in _ABSENT and not isinstance(value, bool) and value != 0:
                if value == "":
                    self.warn("empty_string_for_absent")
                continue
            if name in ("@context", "@type"):
                continue
            proper = aliases.get(name, name)
            if proper != name:
                self.warn(f"spelling.{name}"[:60])
            cleaned.setdefault(proper, value)
        return cleaned

    def rest(self, cleaned: Object, known: tuple[str, ...]) -> Object:
        """Takes the members out that have no place in the strict form."""
        unknown = {name: cleaned.pop(name) for name in list(cleaned) if name not in known}
        if unknown:
            self.warn("unknown_member_kept")
        return unknown

    def code(self, cleaned: Object, name: str, codes: CodeList, *, keep_unknown: bool) -> None:
        """Turns a label, number or prefixed form into the code, written as a string."""
        if name not in cleaned:
            return
        value = cleaned[name]
        found = codes.read(value)
        if found is None:
            if keep_unknown and isinstance(value, str):
                self.warn(f"code.{name}.unknown")
                return
            raise Unreadable(
                "record.field",
                f"{name} is not in the code list; it may be {', '.join(codes.codes())}.",
                field=name,
            )
        if found != value:
            self.warn(f"code.{name}")
        cleaned[name] = found

    def strings(self, cleaned: Object, *names: str) -> None:
        for name in names:
            value = cleaned.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                cleaned[name] = str(value)
                self.warn(f"number_for_text.{name}")

    def each(
        self, given: object, name: str, read: Callable[[object], Object | None]
    ) -> list[Object]:
        """A list of objects, whether one or several were given."""
        if given in _ABSENT:
            return []
        if not isinstance(given, list):
            self.warn(f"object_for_list.{name}")
            given = [given]
        return [value for value in map(read, given) if value]

    def texts(self, cleaned: Object, name: str) -> None:
        if isinstance(cleaned.get(name), str):
            cleaned[name] = [cleaned[name]]
            self.warn(f"text_for_list.{name}")

    def truth(self, cleaned: Object, name: str) -> None:
        if name not in cleaned or isinstance(cleaned[name], bool):
            return
        plain = str(cleaned[name]).strip().casefold()
        if plain in ("1", "true", "yes", "disabled"):
            cleaned[name] = True
        elif plain in ("0", "2", "false", "no", "not disabled"):
            cleaned[name] = False
        else:
            raise Unreadable("record.field", f"{name} is true or false.", field=name)
        self.warn(f"text_for_truth.{name}")

    def identifiers(self, given: object, kind: str) -> list[Object]:
        def read(value: object) -> Object | None:
            if isinstance(value, (str, int)):
                self.warn("identifier_without_type")
                return {"@type": "Identifier", "identifier_type": kind,
                        "identifier_value": str(value)}
            cleaned = self.members(value, "identifier", {"type": "identifier_type",
                                                         "value": "identifier_value"})
            self.strings(cleaned, "identifier_type", "identifier_value")
            if "identifier_value" not in cleaned:
                return None
            cleaned.setdefault("identifier_type", kind)
            self.rest(cleaned, ("identifier_type", "identifier_value"))
            return {"@type": "Identifier", **cleaned}

        return self.each(given, "identifier", read)

    def name(self, given: object) -> Object | None:
        if isinstance(given, str) and given.strip():
            self.warn("name_as_text")
            return {"@type": "Name", "surname": given.strip()}
        cleaned = self.members(given, "name", _NAME)
        self.strings(cleaned, *_NAME_MEMBERS)
        self.rest(cleaned, _NAME_MEMBERS)
        return {"@type": "Name", **cleaned} if cleaned else None

    def address(self, given: object) -> Object | None:
        if isinstance(given, str):
            self.warn("address_as_text")
            return {"@type": "Address", "address_line_1": given}
        cleaned = self.members(given, "address", _ADDRESS)
        self.strings(cleaned, *_ADDRESS_MEMBERS[:-1])
        if unknown := self.rest(cleaned, _ADDRESS_MEMBERS):
            extra = ", ".join(str(value) for value in unknown.values())
            cleaned["address_line_2"] = f"{cleaned.get('address_line_2', '')} {extra}".strip()
        return {"@type": "Address", **cleaned} if cleaned else None

    def person(self, given: object) -> tuple[Object | None, Object]:
        cleaned = self.members(given, "demographic_info", {"last_update": "last_updated",
                                                           "gender": "sex", "phone": "phone_number",
                                                           "date_of_birth": "birth_date"})
        if "person" in cleaned:
            self.warn("person_nested")
            inner = self.members(cleaned.pop("person"), "person", {"last_update": "last_updated"})
            cleaned = {**cleaned, **inner}
        if "identifier_value" in cleaned:
            self.warn("identifier_on_person")
            cleaned["identifier"] = [{
                "identifier_type": cleaned.pop("identifier_type", "UIN"),
                "identifier_value": cleaned.pop("identifier_value"),
            }]
        if any(name in cleaned for name in (*_NAME, *_NAME_MEMBERS)):
            self.warn("name_on_person")
            parts = {each: cleaned.pop(each) for each in (*_NAME, *_NAME_MEMBERS) if each in cleaned}
            cleaned.setdefault("name", parts)
        cleaned["identifier"] = self.identifiers(cleaned.get("identifier"), "UIN")
        cleaned["name"] = self.name(cleaned.get("name"))
        cleaned["address"] = self.each(cleaned.get("address"), "address", self.address)
        self.code(cleaned, "sex", SEX, keep_unknown=False)
        self.strings(cleaned, "birth_date", "death_date", "phone_number")
        self.texts(cleaned, "phone_number")
        self.texts(cleaned, "email")
        unknown = self.rest(cleaned, _PERSON_MEMBERS)
        kept = {name: value for name, value in cleaned.items() if value not in _ABSENT}
        return ({"@type": "IBRPerson", **kept} if kept else None), unknown

    def member(self, given: object) -> Object | None:
        cleaned = self.members(given, "member", _MEMBER)
        if not cleaned:
            return None
        cleaned.pop("programme_identifier", None)
        cleaned["member_identifier"] = self.identifiers(cleaned.get("member_identifier"), "UIN")
        person, unknown = self.person(cleaned.pop("demographic_info", None))
        if person:
            cleaned["demographic_info"] = person
        self.truth(cleaned, "is_disabled")
        self.code(cleaned, "marital_status", MARITAL_STATUS, keep_unknown=True)
        self.code(cleaned, "education_level", EDUCATION_LEVEL, keep_unknown=True)
        self.code(cleaned, "employment_status", EMPLOYMENT_STATUS, keep_unknown=True)
        self.code(cleaned, "occupation", OCCUPATION, keep_unknown=True)
        self.strings(cleaned, "income_level", "registration_date", "last_updated")
        self.texts(cleaned, "language_code")
        cleaned["related_person"] = self.each(cleaned.get("related_person"), "related_person",
                                              self._plain)
        cleaned["disability_info"] = self.each(cleaned.get("disability_info"), "disability_info",
                                               self._disability)
        self._additional(cleaned, {**self.rest(cleaned, _MEMBER_MEMBERS), **unknown})
        kept = {name: value for name, value in cleaned.items() if value not in _ABSENT
                or isinstance(value, bool)}
        return {"@type": "Member", **kept}

    def group(self, given: object) -> Object | None:
        cleaned = self.members(given, "group", _GROUP)
        if not cleaned:
            return None
        cleaned["group_identifier"] = self.identifiers(cleaned.get("group_identifier"), "HOUSEHOLD")
        self.code(cleaned, "group_type", ASSISTANCE_UNIT, keep_unknown=True)
        cleaned["address"] = self.each(cleaned.get("address"), "address", self.address)
        cleaned["member_list"] = self.each(cleaned.get("member_list"), "member_list", self.member)
        head = self.member(cleaned.pop("group_head_info", None))
        if head:
            cleaned["group_head_info"] = head
        for name, kind in (("group_size", int), ("poverty_score", float)):
            if isinstance(cleaned.get(name), str):
                try:
                    cleaned[name] = kind(cleaned[name])
                except ValueError:
                    raise Unreadable("record.field", f"{name} is a number.", field=name) from None
                self.warn(f"text_for_number.{name}")
        self.truth(cleaned, "place_address")
        self._additional(cleaned, self.rest(cleaned, _GROUP_MEMBERS))
        kept = {name: value for name, value in cleaned.items() if value not in _ABSENT
                or isinstance(value, bool)}
        return {"@type": "Group", **kept}

    def benefit(self, given: object) -> Object | None:
        cleaned = self.members(given, "benefits", _BENEFIT)
        if not cleaned:
            return None
        currency = cleaned.pop("currency", None)
        self.strings(cleaned, "benefit_value", "benefit_date")
        if currency and "benefit_value" in cleaned:
            self.warn("currency_apart")
            cleaned["benefit_value"] = f"{currency} {cleaned['benefit_value']}"
        quantity = cleaned.get("benefit_quantity")
        if isinstance(quantity, str) and quantity.strip().isdecimal():
            self.warn("text_for_number.benefit_quantity")
            cleaned["benefit_quantity"] = int(quantity)
        self.code(cleaned, "benefit_type", BENEFIT_TYPE, keep_unknown=False)
        unknown = self.rest(cleaned, ("benefit_type", "benefit_date", "benefit_value",
                                      "benefit_description", "benefit_quantity"))
        if unit := unknown.get("benefit_unit"):
            cleaned["benefit_description"] = f"{cleaned.get('benefit_description', '')} {unit}".strip()
        return {"@type": "Benefit", **cleaned}

    def _disability(self, given: object) -> Object | None:
        cleaned = self.members(given, "disability_info",
                               {"functional_limitation_type": "disability_limitation_type",
                                "disability_type": "disability_limitation_type"})
        self.code(cleaned, "disability_limitation_type", FUNCTIONAL_LIMITATION, keep_unknown=True)
        self.code(cleaned, "functional_severity", FUNCTIONAL_SEVERITY, keep_unknown=True)
        self.rest(cleaned, ("disability_limitation_type", "functional_severity"))
        return {"@type": "DisabilityInfo", **cleaned} if cleaned else None

    def _plain(self, given: object) -> Object | None:
        return dict(given) if isinstance(given, dict) and given else None

    def _additional(self, cleaned: Object, unknown: Object) -> None:
        extra = cleaned.get("additional_attributes")
        kept = [each for each in (extra if isinstance(extra, list) else [extra])
                if isinstance(each, dict) and each]
        if isinstance(extra, str):
            kept.append({"text": extra})
        if unknown:
            kept.append(unknown)
        cleaned["additional_attributes"] = kept


def strict_forms(raw: object) -> tuple[list[Object], tuple[str, ...]]:
    """The strict records, one a programme, that a loosely written one stands for; the warnings.

    Unreadable names the field that no reading of digest.md 10.1 fits.
    """
    loose = Loose()
    if not isinstance(raw, dict):
        raise Unreadable("record.field", "A beneficiary must be a JSON object.", field="beneficiary")
    own_id = raw.get("@id")
    top = loose.members(raw, "beneficiary", _ENROLMENT)
    top.pop("@id", None)
    # People put the person's own members beside `member`; the person keeps them.
    stray = {name: top.pop(name) for name in list(top)
             if name in (*_MEMBER_MEMBERS, *_MEMBER) and name != "additional_attributes"}
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
    loose._additional(top, loose.rest(top, _TOP))
    base: Object = {"assistance_unit": top["assistance_unit"]}
    if own_id not in _ABSENT:
        base["@id"] = str(own_id)
    if member:
        base["member"] = member
    if group:
        base["group"] = group
    if len(programmes) > 1:
        loose.warn("several_programmes_in_one_record")
    forms = [{**base, **_enrolment(loose, top, programme)} for programme in programmes]
    return forms, tuple(loose.warnings)


def _programmes(loose: Loose, top: Object, member: object) -> list[Object]:
    """The programmes with what is said of the enrolment in each, wherever it stands."""
    given = top.pop("programme_identifier", None)
    if given in _ABSENT and isinstance(member, dict):
        given = member.get("programme_identifier")
        if given not in _ABSENT:
            loose.warn("programme_on_member")

    def read(value: object) -> Object | None:
        if isinstance(value, str):
            loose.warn("programme_as_text")
            return {"programme_identifier": value}
        cleaned = loose.members(value, "programme_identifier",
                                {**_ENROLMENT, "programme_code": "programme_identifier",
                                 "program_identifier": "programme_identifier",
                                 "program": "programme"})
        if "programme" in cleaned:
            loose.warn("programme_nested")
            inner = loose.members(cleaned.pop("programme"), "programme", _ENROLMENT)
            cleaned = {**inner, **cleaned}
        loose.strings(cleaned, "programme_identifier", "programme_name")
        return cleaned

    return loose.each(given, "programme_identifier", read)


def _enrolment(loose: Loose, top: Object, programme: Object) -> Object:
    """What a strict record says of one programme: the programme's own words before the record's."""
    said = {name: programme.get(name, top.get(name)) for name in _PROGRAMME_LEVEL}
    said = {name: value for name, value in said.items() if value not in _ABSENT}
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
