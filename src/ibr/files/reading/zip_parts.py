"""The parts of a workbook that is a zip, read as streams and guarded against what is not one.

A small zip can stand for terabytes. So its parts are counted before its list is read, each is read
as a stream, and one that grows beyond all reason is refused while it does.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final
from xml.parsers import expat

from ibr.files.reading.model import too_much, unreadable

_MOST_PARTS: Final = 2_000
_LONGEST_LIST: Final = 4 * 1024 * 1024
# A sheet of a million rows is some hundred times its size in the zip at the very most.
_MOST_TIMES: Final = 300
_ALWAYS_ALLOWED: Final = 32 * 1024 * 1024
_LARGEST_PART: Final = 16 * 1024**3
_PIECE: Final = 128 * 1024
# All that Python's reader raises of a zip whose numbers lie: places before its beginning, lengths
# that are none, methods that are not what they say.
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
)
_NO_WORKBOOK: Final = "The file is no workbook, or it is damaged. Save it again, or as CSV."


class ZipParts:
    """A zip whose parts can be read one after another or interleaved."""

    def __init__(self, file: BinaryIO) -> None:
        _check_list(file)
        file.seek(0)
        try:
            self._zip = zipfile.ZipFile(file)
        except _DAMAGED:
            raise unreadable(_NO_WORKBOOK) from None
        self.names = frozenset(self._zip.namelist())

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part's bytes, in pieces."""
        try:
            info = self._zip.getinfo(name)
            if info.flag_bits & 1:
                raise unreadable("The file is locked with a password. Save it without one.")
            most = min(_LARGEST_PART, max(_ALWAYS_ALLOWED, info.compress_size * _MOST_TIMES))
            size = 0
            with self._zip.open(info) as part:
                while piece := part.read(_PIECE):
                    size += len(piece)
                    if size > most:
                        raise too_much(
                            "The file unpacks to far more than its size; no workbook does. "
                            "Save it again, or as CSV."
                        )
                    yield piece
        except _DAMAGED:
            raise unreadable(_NO_WORKBOOK) from None

    def whole(self, name: str) -> bytes:
        """A small part as a whole."""
        made = io.BytesIO()
        for piece in self.pieces(name):
            made.write(piece)
            if made.tell() > _ALWAYS_ALLOWED:
                raise too_much("The file's own description is too large to be read.")
        return made.getvalue()


def _check_list(file: BinaryIO) -> None:
    """Looks at the end of the zip: how many parts it says it has, and how long their list is."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 66_000))
    end = file.read()
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) < at + 22:
        raise unreadable(_NO_WORKBOOK)
    parts = int.from_bytes(end[at + 10 : at + 12], "little")
    length = int.from_bytes(end[at + 12 : at + 16], "little")
    wide = end.rfind(b"PK\x06\x06", 0, at)
    if wide >= 0 and len(end) >= wide + 56:
        parts = int.from_bytes(end[wide + 32 : wide + 40], "little")
        length = int.from_bytes(end[wide + 40 : wide + 48], "little")
    elif parts == 0xFFFF or length == 0xFFFFFFFF:
        raise unreadable(_NO_WORKBOOK)
    if parts > _MOST_PARTS or length > _LONGEST_LIST:
        raise too_much("The file has more parts than any workbook. Save it again, or as CSV.")


class XmlStream:
    """XML read while it arrives, by handlers; nothing declared in it is believed."""

    def __init__(self, **handlers: Any) -> None:
        self._parser = expat.ParserCreate(namespace_separator=None)
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _no_doctype
        self._parser.EntityDeclHandler = _no_doctype
        for name, handler in handlers.items():
            setattr(self._parser, name, handler)

    def feed(self, pieces: Iterator[bytes]) -> Iterator[None]:
        """Reads on, piece by piece; stops after each so that what was found can be used."""
        try:
            for piece in pieces:
                self._parser.Parse(piece, False)
                yield None
            self._parser.Parse(b"", True)
            yield None
        except (expat.ExpatError, LookupError, ValueError):
            # The last two where it names an encoding that there is not, or one of several bytes.
            raise unreadable(_NO_WORKBOOK) from None


def _no_doctype(*_: object) -> None:
    raise unreadable(
        "The file declares entities of its own, which no workbook does. Save it again, or as CSV."
    )
