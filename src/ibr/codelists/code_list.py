"""A list of codes: each with its number or letters and the labels it is also known by."""

from __future__ import annotations

from collections.abc import Mapping


class CodeList:
    """Codes with labels; reads codes, labels and prefixed forms, whatever their case.

    `Active`, `active`, `1`, `enrolment_status:1` and 1 are all the code "1".
    """

    def __init__(
        self, name: str, labels: Mapping[str, str], aliases: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.labels = dict(labels)
        self._read = {_plain(code): code for code in labels}
        self._read |= {_plain(label): code for code, label in labels.items()}
        self._read |= {_plain(alias): code for alias, code in (aliases or {}).items()}

    def read(self, value: object) -> str | None:
        """The code that `value` stands for, or None when the list has no such code."""
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = str(value).strip()
        if text.startswith("-"):
            return None
        found = self._read.get(_plain(text))
        if found is None and ":" in text:
            found = self._read.get(_plain(text.rsplit(":", 1)[1]))
        return found

    def label(self, code: str | int | None) -> str:
        """The English label; the code itself when it is not in the list, empty for none."""
        return "" if code is None else self.labels.get(str(code), str(code))

    def codes(self) -> tuple[str, ...]:
        return tuple(self.labels)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
