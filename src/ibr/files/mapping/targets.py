"""What a column may be: every attribute of a reported record, with the names it goes by.

Names are in English, French, Spanish and Swahili, as `words_of` writes them. A column that a
household or a payment has several of is written with its number: `member2.sex`, `benefit3.value`.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from ibr.errors import NotUnderstood
from ibr.protection.blind_index import canonical_type

Kind = Literal[
    "text", "number_of", "day", "moment", "code", "truth", "money", "count", "score", "area"
]


class Target(msgspec.Struct, frozen=True):
    """One attribute: what people call it, how its cells are read, names of its columns."""

    label: str
    kind: Kind
    names: tuple[str, ...] = ()
    code_list: str = ""


def _t(label: str, kind: Kind, names: str, code_list: str = "") -> Target:
    return Target(label, kind, tuple(each.strip() for each in names.split("|")), code_list)


_PHONES: Final = (
    "phone|phone number|mobile|mobile number|telephone|tel|cell|cell phone|msisdn|contact|contact "
    "number|telefono|celular|numero de telephone|portable|simu|namba ya simu|nambari ya simu"
)

TARGETS: Final[dict[str, Target]] = {
    "identifier:PROGRAMME_NUMBER": _t(
        "Programme's own number",
        "number_of",
        "beneficiary number|benef no|benef id|beneficiary id|beneficiary no|ben id|ben no|"
        "programme number|program "
        "number|programme id|case number|case id|case no|file number|registration number|reg no|"
        "enrolment number|enrollment number|enrolment id|member id|serial number|numero "
        "beneficiaire|numero de beneficiaire|matricule|numero dossier|id beneficiaire|numero de "
        "beneficiario|id beneficiario|numero de expediente|namba ya mnufaika|namba ya usajili|"
        "nambari ya mnufaika",
    ),
    "identifier:UIN": _t(
        "Unique national number (UIN)", "number_of", "uin|unique id|unique identity number|uid|nui"
    ),
    "identifier:NATIONAL_ID": _t(
        "National identity number",
        "number_of",
        "national id|national identity number|national id number|nid|id number|id no|identity "
        "number|identity card|id card number|nin|idno|numero d identite|numero identite|cni|"
        "numero cni|carte d identite|numero carte identite|piece d identite|cedula|dni|documento "
        "de identidad|numero de identidad|curp|kitambulisho|namba ya kitambulisho|nambari ya "
        "kitambulisho|nida|namba ya nida",
    ),
    "identifier:PHONE": _t("Phone as identifier", "number_of", ""),
    "identifier:ACCOUNT": _t(
        "Account number",
        "number_of",
        "account|account number|bank account|account no|numero de compte|compte bancaire|numero "
        "compte|cuenta|numero de cuenta|cuenta bancaria|akaunti|namba ya akaunti",
    ),
    "identifier:PASSPORT": _t(
        "Passport", "number_of", "passport|passport number|passeport|pasaporte|pasipoti"
    ),
    "identifier:BRN": _t(
        "Number of the birth certificate",
        "number_of",
        "birth certificate|birth certificate number|birth registration number|brn|acte de "
        "naissance|numero acte naissance|acta de nacimiento|cheti cha kuzaliwa",
    ),
    "identifier": _t(
        "Number, of the kind that another column says",
        "number_of",
        "identifier|identifier value|document number|numero de document|numero de documento",
    ),
    "identifier_type": _t(
        "Kind of the number",
        "text",
        "identifier type|id type|document type|type de document|type piece|tipo de documento|aina "
        "ya kitambulisho",
    ),
    "group_identifier:HOUSEHOLD": _t(
        "Household's number",
        "number_of",
        "household id|household number|household no|hh id|hhid|hh no|hh number|family id|family "
        "number|numero menage|numero du menage|id menage|code menage|numero famille|id hogar|"
        "numero de hogar|codigo hogar|id familia|namba ya kaya|kaya|nambari ya kaya",
    ),
    "surname": _t(
        "Surname",
        "text",
        "surname|last name|lastname|family name|nom|nom de famille|apellido|apellidos|primer "
        "apellido|jina la ukoo|jina la mwisho|jina la familia|name last|sur name",
    ),
    "given_name": _t(
        "Given name",
        "text",
        "given name|first name|firstname|forename|given names|first names|prenom|prenoms|prenom "
        "s|nombre|nombres|primer nombre|jina la kwanza|jina|name first|christian name",
    ),
    "second_name": _t(
        "Second name",
        "text",
        "second name|middle name|middlename|middle names|other names|other name|deuxieme prenom|"
        "autres prenoms|segundo nombre|segundo apellido|jina la kati|jina la pili|father name|"
        "fathers name",
    ),
    "maiden_name": _t(
        "Maiden name",
        "text",
        "maiden name|name at birth|nom de jeune fille|nom de naissance|apellido de soltera",
    ),
    "full_name": _t(
        "Whole name in one cell",
        "text",
        "full name|name|names|fullname|beneficiary name|name of beneficiary|head name|name of head"
        "|household head|head of household|nom complet|nom et prenom|nom et prenoms|nom prenom|"
        "noms et prenoms|nom du beneficiaire|chef de menage|nombre completo|nombre y apellido|"
        "nombre y apellidos|nombres y apellidos|nombre del beneficiario|jina kamili|jina la "
        "mnufaika|majina|member name",
    ),
    "sex": _t("Sex", "code", "sex|gender|sexe|genre|sexo|genero|jinsia|jinsi|m f", "sex"),
    "birth_date": _t(
        "Date of birth, or only the year",
        "day",
        "birth date|date of birth|dob|birthdate|born|birthday|birth day|year of birth|birth year|"
        "yob|date de naissance|date naissance|ne le|nee le|annee de naissance|ddn|fecha de "
        "nacimiento|fecha nacimiento|ano de nacimiento|nacimiento|tarehe ya kuzaliwa|mwaka wa "
        "kuzaliwa|kuzaliwa",
    ),
    "death_date": _t(
        "Date of death",
        "day",
        "death date|date of death|died|died on|date de deces|date deces|fecha de defuncion|fecha "
        "de fallecimiento|tarehe ya kifo",
    ),
    "phone": _t("Phone", "text", _PHONES),
    "email": _t(
        "E-mail", "text", "email|e mail|email address|courriel|correo|correo electronico|barua pepe"
    ),
    "address_line_1": _t(
        "Address",
        "text",
        "address|street|street address|address line 1|home address|residence|physical address|"
        "adresse|rue|domicile|direccion|calle|domicilio|anwani|mtaa",
    ),
    "address_line_2": _t("Address, second line", "text", "address line 2|address 2|adresse 2"),
    "locality": _t(
        "Village or town",
        "text",
        "village|town|locality|city|ward|community|settlement|ville|localite|quartier|ciudad|"
        "pueblo|localidad|comunidad|aldea|kijiji|mji|kata",
    ),
    "sub_region_code": _t(
        "District",
        "area",
        "district|district code|sub region|sub county|subcounty|county|department|departement|"
        "cercle|arrondissement|commune|distrito|municipio|canton|wilaya|sub region code|code "
        "district",
    ),
    "region_code": _t(
        "Region",
        "area",
        "region|region code|province|state|governorate|region admin|provincia|departamento|"
        "mkoa|jimbo|code region",
    ),
    "postal_code": _t(
        "Postal code", "text", "postal code|postcode|zip|zip code|code postal|codigo postal"
    ),
    "country_code": _t("Country", "text", "country|country code|pays|pais|nchi"),
    "is_disabled": _t(
        "Has a disability",
        "truth",
        "disability|disabled|is disabled|has disability|pwd|handicap|handicape|invalide|en "
        "situation de handicap|discapacidad|discapacitado|ulemavu|mlemavu|ana ulemavu",
    ),
    "marital_status": _t(
        "Marital status",
        "code",
        "marital status|civil status|situation matrimoniale|etat civil|situation de famille|"
        "estado civil|hali ya ndoa",
        "marital_status",
    ),
    "education_level": _t(
        "Education",
        "code",
        "education|education level|level of education|schooling|niveau d instruction|niveau d "
        "etudes|nivel educativo|educacion|escolaridad|elimu|kiwango cha elimu",
        "education_level",
    ),
    "employment_status": _t(
        "Work",
        "code",
        "employment|employment status|work status|situation professionnelle|emploi|situacion "
        "laboral|empleo|ajira",
        "employment_status",
    ),
    "occupation": _t(
        "Occupation",
        "code",
        "occupation|profession|job|metier|ocupacion|profesion|kazi",
        "occupation",
    ),
    "income_level": _t("Income", "text", "income|income level|revenu|ingreso|ingresos|kipato"),
    "language": _t("Language", "text", "language|language code|langue|idioma|lugha"),
    "relationship": _t(
        "Relation to the head of the household",
        "code",
        "relationship|relation|relationship to head|relation to head|lien|lien de parente|lien "
        "avec le chef|relation au chef de menage|parentesco|relacion|uhusiano|uhusiano na mkuu wa "
        "kaya",
        "relationship",
    ),
    "group_size": _t(
        "Size of the household",
        "count",
        "household size|hh size|family size|number of members|members|taille du menage|taille "
        "menage|nombre de personnes|tamano del hogar|miembros del hogar|numero de miembros|idadi "
        "ya wanakaya|ukubwa wa kaya",
    ),
    "poverty_score": _t(
        "Poverty score",
        "score",
        "poverty score|pmt|pmt score|proxy means|score|puntaje|score de pauvrete|puntaje sisben|"
        "alama za umaskini",
    ),
    "poverty_score_type": _t("Kind of the score", "text", "score type|poverty score type"),
    "programme": _t(
        "Programme's code",
        "text",
        "programme|program|programme code|program code|scheme|scheme code|code programme|programa"
        "|codigo programa|mpango|mradi",
    ),
    "unit": _t(
        "Person, household or family",
        "code",
        "assistance unit|unit|beneficiary type|type de beneficiaire|tipo de beneficiario",
        "unit",
    ),
    "enrolled_on": _t(
        "Enrolled on",
        "moment",
        "enrolment date|enrollment date|date of enrolment|date of enrollment|date enrolled|"
        "enrolled|enrolled on|registration date|date registered|start date|entry date|date d "
        "inscription|date inscription|date d enrolement|date enrolement|date d entree|fecha de "
        "inscripcion|fecha de ingreso|fecha inscripcion|fecha de alta|tarehe ya kusajiliwa|tarehe "
        "ya usajili|tarehe ya kuandikishwa",
    ),
    "status": _t(
        "Status of the enrolment",
        "code",
        "status|enrolment status|enrollment status|beneficiary status|state of enrolment|statut|"
        "etat|statut beneficiaire|estado|estatus|situacion|estado beneficiario|hali|hali ya "
        "mnufaika",
        "status",
    ),
    "status_on": _t(
        "Status since",
        "moment",
        "status date|status since|status change date|date of status|date statut|date du statut|"
        "date de statut|date de sortie|exit date|end date|fecha de estado|fecha estado|fecha de "
        "baja|tarehe ya hali|tarehe ya kutoka",
    ),
    "benefit.type": _t(
        "Kind of benefit",
        "code",
        "benefit type|type of benefit|assistance type|payment type|modality|transfer modality|type "
        "de prestation|type d aide|modalite|tipo de beneficio|tipo de apoyo|modalidad|aina ya "
        "msaada|aina ya malipo",
        "benefit_type",
    ),
    "benefit.date": _t(
        "Given on",
        "moment",
        "benefit date|payment date|date paid|date of payment|paid on|pay date|distribution date|"
        "transfer date|date received|date de paiement|date paiement|date du versement|date de "
        "versement|paye le|fecha de pago|fecha pago|fecha de entrega|tarehe ya malipo|tarehe ya "
        "kulipwa|imelipwa",
    ),
    "benefit.value": _t(
        "Amount",
        "money",
        "amount|benefit amount|benefit value|payment amount|amount paid|paid|payment|transfer "
        "amount|value|net amount|montant|montant paye|montant verse|somme|monto|monto pagado|"
        "importe|valor|cantidad pagada|kiasi|kiasi kilicholipwa|malipo|fedha",
    ),
    "benefit.currency": _t(
        "Currency", "text", "currency|currency code|devise|monnaie|moneda|sarafu"
    ),
    "benefit.quantity": _t(
        "Quantity",
        "count",
        "quantity|qty|benefit quantity|number of items|quantite|cantidad|idadi",
    ),
    "benefit.description": _t(
        "What was given",
        "text",
        "benefit description|benefit name|item|items|commodity|description|designation|article|"
        "descripcion|articulo|maelezo|bidhaa",
    ),
    "reference": _t(
        "Your reference to the row", "text", "reference|reference id|row id|record id|ref"
    ),
}
"""The targets by their name, in the order in which a page offers them."""

PARTS_OF_A_MEMBER: Final = frozenset(
    ("surname", "given_name", "second_name", "maiden_name", "full_name", "sex", "birth_date")
    + ("death_date", "phone", "email", "is_disabled", "marital_status", "education_level")
    + ("employment_status", "occupation", "relationship")
)
_WRITTEN: Final = re.compile(
    r"(?:(?P<what>member|benefit)(?P<number>\d{1,3})?\.)?"
    r"(?P<name>[a-z_0-9]+)(?::(?P<of>[A-Za-z0-9_ -]{1,60}))?",
    re.ASCII,
)


class Aim(msgspec.Struct, frozen=True):
    """A target taken apart: `member2.identifier:UIN` is member 2, `identifier`, of `UIN`."""

    name: str
    of: str = ""
    member: int = 0
    benefit: int = 0
    kind: Kind = "text"
    code_list: str = ""


def aim_of(target: str) -> Aim:
    """A target's parts. NotUnderstood where there is no such target."""
    found = _WRITTEN.fullmatch(target)
    if found is None:
        raise _unknown()
    what, name, of = found["what"], found["name"], found["of"] or ""
    number = int(found["number"] or 1) if what else 0
    if what == "benefit":
        return _known(f"benefit.{name}", name, benefit=number)
    member = number if what == "member" else 0
    if name in ("identifier", "group_identifier") and of:
        return Aim(name, canonical_type(of), member, 0, "number_of")
    if name == "additional" and of and not member:
        return Aim(name, of)
    if member and name not in PARTS_OF_A_MEMBER:
        raise _unknown()
    return _known(name, name, member=member)


def _known(whole: str, name: str, *, member: int = 0, benefit: int = 0) -> Aim:
    target = TARGETS.get(whole)
    if target is None:
        raise _unknown()
    return Aim(name, "", member, benefit, target.kind, target.code_list)


def _unknown() -> NotUnderstood:
    return NotUnderstood(
        "mapping.target",
        "A column's meaning is none that the registry knows; docs/howto/send-a-file.md lists them.",
    )
