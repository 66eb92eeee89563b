"""A mapping written by a person, as JSON or TOML."""

from __future__ import annotations

import msgspec

from ibr.errors import NotUnderstood
from ibr.files.mapping.model import Mapping
from ibr.files.mapping.targets import aim_of

LARGEST = 1024 * 1024


def read_mapping(content: bytes) -> Mapping:
    """The mapping; NotUnderstood says what is wrong with it."""
    if len(content) > LARGEST:
        raise _wrong("it is larger than any mapping")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong("it is not written in UTF-8") from None
    read = msgspec.json.decode if text.lstrip().startswith("{") else msgspec.toml.decode
    try:
        mapping: Mapping = read(text, type=Mapping)
    except (msgspec.DecodeError, msgspec.ValidationError) as wrong:
        # msgspec names types and places; a value of a mapping is no personal data.
        raise _wrong(str(wrong)[:200]) from None
    check_mapping(mapping)
    return mapping


def check_mapping(mapping: Mapping) -> None:
    """NotUnderstood where a mapping cannot hold for any file."""
    for column in mapping.columns:
        if column.to:
            aim_of(column.to)
    for target in mapping.constants:
        aim_of(target)
    if mapping.header < 0 or len(mapping.columns) > 2_000:
        raise _wrong("header is the number of a row, from 1 on")


def _wrong(what: str) -> NotUnderstood:
    return NotUnderstood(
        "mapping.unreadable",
        f"The mapping cannot be used: {what}. See docs/howto/send-a-file.md.",
    )
