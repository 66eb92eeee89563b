"""Puts a loosely written Beneficiary into strict form (digest.md 10.1), saying what it changed.

Every change is a warning by its name, counted in the delivery's score; nothing is dropped unseen:
a member that has no place in the strict form is kept in additional_attributes.
"""

from __future__ import annotations

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
from ibr.interop.dci.messages.loose import ABSENT, Loose, Object
from ibr.reported.facts import Unreadable

_NAME = {
    "first_name": "given_name",
    "last_name": "surname",
    "sur_name": "surname",
    "family_name": "surname",
    "middle_name": "second_name",
}
_ADDRESS = {
    "address_line1": "address_line_1",
    "address_line2": "address_line_2",
    "street_address": "address_line_1",
    "city": "locality",
    "country": "country_code",
    "district": "sub_region_code",
    "region": "region_code",
}
MEMBER_ALIASES = {"self_id_disability": "is_disabled", "last_update": "last_updated"}
_GROUP = {
    "place": "geographical_location",
    "members": "member_list",
    "size": "group_size",
    "last_update": "last_updated",
}
_BENEFIT = {
    "benefit_amount": "benefit_value",
    "date_received": "benefit_date",
    "benefit_name": "benefit_description",
    "benefit_label": "benefit_description",
}

_NAME_MEMBERS = ("surname", "given_name", "second_name", "maiden_name", "prefix", "suffix")
_ADDRESS_MEMBERS = (
    "address_line_1",
    "address_line_2",
    "locality",
    "sub_region_code",
    "region_code",
    "postal_code",
    "country_code",
    "geo_location",
)
_PERSON_MEMBERS = (
    "identifier",
    "name",
    "sex",
    "birth_date",
    "death_date",
    "address",
    "phone_number",
    "email",
    "registration_date",
    "last_updated",
)
MEMBER_MEMBERS = (
    "member_identifier",
    "demographic_info",
    "related_person",
    "is_disabled",
    "disability_info",
    "marital_status",
    "employment_status",
    "occupation",
    "income_level",
    "language_code",
    "education_level",
    "additional_attributes",
    "registration_date",
    "last_updated",
)
_GROUP_MEMBERS = (
    "group_identifier",
    "group_type",
    "geographical_location",
    "address",
    "place_address",
    "poverty_score",
    "poverty_score_type",
    "group_head_info",
    "group_size",
    "member_list",
    "registration_date",
    "last_updated",
    "additional_attributes",
)


class Reader(Loose):
    """Reads the parts of a loosely written Beneficiary, each into its strict form."""

    def identifiers(self, given: object, kind: str) -> list[Object]:
        def read(value: object) -> Object | None:
            if isinstance(value, (str, int)):
                self.warn("identifier_without_type")
                return {
                    "@type": "Identifier",
                    "identifier_type": kind,
                    "identifier_value": str(value),
                }
            cleaned = self.members(
                value, "identifier", {"type": "identifier_type", "value": "identifier_value"}
            )
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
        cleaned = self.members(
            given,
            "demographic_info",
            {
                "last_update": "last_updated",
                "gender": "sex",
                "phone": "phone_number",
                "date_of_birth": "birth_date",
            },
        )
        if "person" in cleaned:
            self.warn("person_nested")
            inner = self.members(cleaned.pop("person"), "person", {"last_update": "last_updated"})
            cleaned = {**cleaned, **inner}
        if "identifier_value" in cleaned:
            self.warn("identifier_on_person")
            cleaned["identifier"] = [
                {
                    "identifier_type": cleaned.pop("identifier_type", "UIN"),
                    "identifier_value": cleaned.pop("identifier_value"),
                }
            ]
        if any(name in cleaned for name in (*_NAME, *_NAME_MEMBERS)):
            self.warn("name_on_person")
            parts = {
                each: cleaned.pop(each) for each in (*_NAME, *_NAME_MEMBERS) if each in cleaned
            }
            cleaned.setdefault("name", parts)
        cleaned["identifier"] = self.identifiers(cleaned.get("identifier"), "UIN")
        cleaned["name"] = self.name(cleaned.get("name"))
        cleaned["address"] = self.each(cleaned.get("address"), "address", self.address)
        self.code(cleaned, "sex", SEX, keep_unknown=False)
        self.strings(cleaned, "birth_date", "death_date", "phone_number")
        self.texts(cleaned, "phone_number")
        self.texts(cleaned, "email")
        unknown = self.rest(cleaned, _PERSON_MEMBERS)
        kept = {name: value for name, value in cleaned.items() if value not in ABSENT}
        return ({"@type": "IBRPerson", **kept} if kept else None), unknown

    def member(self, given: object) -> Object | None:
        cleaned = self.members(given, "member", MEMBER_ALIASES)
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
        cleaned["related_person"] = self.each(
            cleaned.get("related_person"), "related_person", self._plain
        )
        cleaned["disability_info"] = self.each(
            cleaned.get("disability_info"), "disability_info", self._disability
        )
        self.additional(cleaned, {**self.rest(cleaned, MEMBER_MEMBERS), **unknown})
        kept = {
            name: value
            for name, value in cleaned.items()
            if value not in ABSENT or isinstance(value, bool)
        }
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
        self.additional(cleaned, self.rest(cleaned, _GROUP_MEMBERS))
        kept = {
            name: value
            for name, value in cleaned.items()
            if value not in ABSENT or isinstance(value, bool)
        }
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
        unknown = self.rest(
            cleaned,
            (
                "benefit_type",
                "benefit_date",
                "benefit_value",
                "benefit_description",
                "benefit_quantity",
            ),
        )
        if unit := unknown.get("benefit_unit"):
            cleaned["benefit_description"] = (
                f"{cleaned.get('benefit_description', '')} {unit}".strip()
            )
        return {"@type": "Benefit", **cleaned}

    def _disability(self, given: object) -> Object | None:
        cleaned = self.members(
            given,
            "disability_info",
            {
                "functional_limitation_type": "disability_limitation_type",
                "disability_type": "disability_limitation_type",
            },
        )
        self.code(cleaned, "disability_limitation_type", FUNCTIONAL_LIMITATION, keep_unknown=True)
        self.code(cleaned, "functional_severity", FUNCTIONAL_SEVERITY, keep_unknown=True)
        self.rest(cleaned, ("disability_limitation_type", "functional_severity"))
        return {"@type": "DisabilityInfo", **cleaned} if cleaned else None

    def _plain(self, given: object) -> Object | None:
        return dict(given) if isinstance(given, dict) and given else None

    def additional(self, cleaned: Object, unknown: Object) -> None:
        extra = cleaned.get("additional_attributes")
        kept = [
            each
            for each in (extra if isinstance(extra, list) else [extra])
            if isinstance(each, dict) and each
        ]
        if isinstance(extra, str):
            kept.append({"text": extra})
        if unknown:
            kept.append(unknown)
        cleaned["additional_attributes"] = kept
