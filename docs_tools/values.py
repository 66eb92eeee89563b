"""Pages made of values in the code: settings, audit events, rights, query attributes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from docs_tools.markdown import table
from ibr.access.scopes import SCOPES
from ibr.access.staff.rights import RIGHTS
from ibr.audit.events import CATALOGUE
from ibr.interop.dci.query.attributes import attribute_table
from ibr.settings import Settings


def settings_page() -> str:
    hints = get_type_hints(Settings, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(Settings):
        kind, meta = _parts(hints[field.name])
        default = "none" if field.default is None else f"`{field.default}`"
        about = (meta.description or "") if meta else ""
        rows.append((f"`IBR_{field.name.upper()}`", _kind(kind, meta), default, about))
    return (
        "# Settings\n\nEvery setting is an environment variable. It is read once, when a command "
        "starts; a value that does not fit ends the command with a sentence that says why.\n\n"
        + table(("variable", "kind", "default", "meaning"), rows)
    )


def _parts(hint: Any) -> tuple[Any, msgspec.Meta | None]:
    if get_origin(hint) is Annotated:
        kind, *metas = get_args(hint)
        return kind, next((each for each in metas if isinstance(each, msgspec.Meta)), None)
    return hint, None


def _kind(kind: Any, meta: msgspec.Meta | None) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(f"`{each}`" for each in get_args(kind))
    names = {int: "whole number", str: "text", bool: "true or false"}
    text = names.get(kind, "path" if getattr(kind, "__name__", "") == "Path" else "text")
    if meta and meta.ge is not None:
        text += f", from {meta.ge}"
    if meta and meta.le is not None:
        text += f" to {meta.le}"
    if meta and meta.pattern:
        text += f", `{meta.pattern}`"
    return text


def events_page() -> str:
    rows = [(f"`{kind}`", about) for kind, about in sorted(CATALOGUE.items())]
    return (
        "# Audit events\n\nAn event is appended in the transaction of what it tells about: no "
        "event, no effect. It holds numbers of partners, officers and programmes, counts and "
        "reasons, and never personal data. Each event carries a SHA-256 digest over its fields. "
        "The database lets nobody change or delete one, the registry's own roles included.\n\n"
        + table(("event", "what it says"), rows)
    )


def rights_page() -> str:
    scopes = [(f"`{name}`", f"May {about}.") for name, about in SCOPES.items()]
    roles = [
        (
            f"`{role}`",
            ", ".join(sorted(rights.pages)),
            ", ".join(f"`{each}`" for each in rights.purposes) or "none: no look-up of a person",
        )
        for role, rights in RIGHTS.items()
    ]
    return (
        "# Rights\n\n## Scopes of partners\n\nA partner holds scopes; its token carries those it "
        "asked for, at most these. A slash for a dot is read as the same. A scope says what a "
        "partner may do, its agreement with each programme says about whom.\n\n"
        + table(("scope", "meaning"), scopes)
        + "\n## Roles of officers\n\nAn officer acts in one role at a time, and reaches the "
        "programmes and areas named for that role, or all.\n\n"
        + table(("role", "pages", "purposes of a look-up"), roles)
    )


def attributes_page() -> str:
    return (
        "# What a search can ask about\n\nAttributes are dotted paths into the "
        "[record as it is written](records.md). An attribute that is not listed is refused by "
        "its name; nothing is ignored. Text cannot be searched by pattern.\n\n" + attribute_table()
    )
