"""Small mendings of a loosely written JSON object, each counted as a warning by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ibr.codelists.code_list import CodeList
from ibr.reported.facts import Unreadable

Object = dict[str, Any]
ABSENT: Final[tuple[Any, ...]] = (None, "", [], {})


class Loose:
    """One record on its way to the strict form, with the warnings it earned."""

    def __init__(self) -> None:
        self.warnings: dict[str, None] = {}

    def warn(self, what: str) -> None:
        self.warnings[what] = None

    def members(self, given: object, field: str, aliases: Mapping[str, str]) -> Object:
        """An object without its absent members, with every alias by its proper name."""
        if given in ABSENT:
            return {}
        if not isinstance(given, dict):
            raise Unreadable("record.field", f"{field} must be an object.", field=field)
        cleaned: Object = {}
        for name, value in given.items():
            if value in ABSENT and not isinstance(value, bool) and value != 0:
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
        if given in ABSENT:
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
