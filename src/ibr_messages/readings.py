"""What a signature may have been made over by mistake: each usual misreading, with how to mend it.

Only for explaining a refusal afterwards (diagnose.py). Nothing here ever lets a message in.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from ibr_messages.errors import NotUnderstood
from ibr_messages.signature import Signature, signing_strings
from ibr_messages.strict_json import canonical, canonical_other_spellings

Json = dict[str, Any]


class Reading(msgspec.Struct, frozen=True):
    """One way to sign: a stable code, how it is put right, and the bytes it signs."""

    cause: str
    sentence: str
    signed: bytes


class _Sliced(msgspec.Struct):
    header: msgspec.Raw
    message: msgspec.Raw


def raw_parts(body: bytes) -> tuple[bytes, bytes]:
    """The bytes of the header value and of the message value exactly as they were received."""
    sliced = msgspec.json.decode(body, type=_Sliced)
    return bytes(sliced.header), bytes(sliced.message)


def right_contents(body: bytes, document: Json, profile: str) -> list[bytes]:
    """The bytes that a signature of this profile is read over."""
    header, message = raw_parts(body)
    if profile == "raw":
        return [header + b"\n" + message]
    content = {"header": document["header"], "message": document["message"]}
    return list(dict.fromkeys([canonical(content), *canonical_other_spellings(content)]))


def right_strings(body: bytes, document: Json, profile: str, read: Signature) -> list[bytes]:
    """Every signing string that the registry would take."""
    return [
        line
        for content in right_contents(body, document, profile)
        for line in signing_strings(read, hashlib.sha256(content).digest())
    ]


def misreadings(body: bytes, document: Json, profile: str, read: Signature) -> Iterator[Reading]:
    """The usual misreadings, the likeliest first; each differs from the right way in one thing."""
    other = "canonical" if profile == "raw" else "raw"
    for line in right_strings(body, document, other, read):
        yield Reading("other_profile", _OTHER_PROFILE[other], line)
    for cause, sentence, content in _contents(body, document):
        for line in signing_strings(read, hashlib.sha256(content).digest()):
            yield Reading(cause, sentence, line)
    for content in right_contents(body, document, profile):
        yield from _digests(content, read)
        yield from _layouts(content, read)


_OTHER_PROFILE = {
    "raw": "You sign the bytes of header and message exactly as you send them (the profile "
    "`raw`), and are registered with `canonical`. Sign the canonical JSON, with sorted members, "
    "or ask the registry to register you with `raw`.",
    "canonical": "You sign the canonical JSON, and are registered with the profile `raw`: sign "
    "the bytes of header and message as you send them, joined by one line feed, or ask the "
    "registry to register you with `canonical`.",
}
_UNSORTED = (
    "You sign header and message in the order in which your system writes their members. Sort "
    "the members by name, at every depth, before you make the digest."
)
_SPACED = (
    "You sign JSON with white space in it. Leave out every space and line break between members "
    'before you make the digest: separators "," and ":" only.'
)
_PART = (
    "You sign {part}. The digest is over one object with both: "
    '{{"header":…,"message":…}}, as canonical JSON.'
)
_WHOLE = (
    "You sign the whole body. The digest is over {header, message} alone, without the member "
    "`signature` and without any other."
)
_END = "You sign a line feed at the end of the JSON. The digest is over the JSON alone."


def _contents(body: bytes, document: Json) -> Iterator[tuple[str, str, bytes]]:
    """Other bytes that the digest may have been made over."""
    header, message = raw_parts(body)
    content = {"header": document["header"], "message": document["message"]}
    turned = {"message": document["message"], "header": document["header"]}
    yield "unsorted", _UNSORTED, b'{"header":' + header + b',"message":' + message + b"}"
    yield "unsorted", _UNSORTED, b'{"message":' + message + b',"header":' + header + b"}"
    for each in (content, turned):
        for escaped in (False, True):
            yield "unsorted", _UNSORTED, _dumped(each, sort=False, escaped=escaped)
    for sort in (True, False):
        for escaped in (False, True):
            for indent in (None, 2, 4):
                yield (
                    "white_space",
                    _SPACED if sort else f"{_SPACED} {_UNSORTED}",
                    _dumped(content, sort=sort, escaped=escaped, spaced=True, indent=indent),
                )
    own = canonical(document["header"]), canonical(document["message"])
    yield "one_part", _PART.format(part="the message alone"), own[1]
    yield "one_part", _PART.format(part="the message alone"), message
    yield "one_part", _PART.format(part="the header alone"), own[0]
    yield "one_part", _PART.format(part="header and message one behind the other"), b"".join(own)
    yield "whole_body", _WHOLE, body
    yield "whole_body", _WHOLE, canonical({**document, "signature": ""})
    yield "whole_body", _WHOLE, canonical({**document, "signature": None})
    rest = {name: value for name, value in document.items() if name != "signature"}
    yield "whole_body", _WHOLE, canonical(rest)
    yield "line_feed", _END, canonical(content) + b"\n"


def _dumped(
    value: object,
    *,
    sort: bool,
    escaped: bool,
    spaced: bool = False,
    indent: int | None = None,
) -> bytes:
    separators = None if spaced else (",", ":")
    text = json.dumps(
        value, sort_keys=sort, separators=separators, ensure_ascii=escaped, indent=indent
    )
    return text.encode("utf-8", "surrogatepass")


def _digests(content: bytes, read: Signature) -> Iterator[Reading]:
    """The digest of the right bytes, written in another way or made by another algorithm."""
    right = hashlib.sha256(content)
    spelt = (
        "The digest line holds the digest in {how}. Write it in Base64 with + and /, "
        "and with its = at the end."
    )
    for how, text in (
        ("hexadecimal", right.hexdigest()),
        ("hexadecimal capitals", right.hexdigest().upper()),
        ("Base64 of hexadecimal text", base64.b64encode(right.hexdigest().encode()).decode()),
        ("Base64url", base64.urlsafe_b64encode(right.digest()).decode()),
        ("Base64url without =", base64.urlsafe_b64encode(right.digest()).decode().rstrip("=")),
        ("Base64 without =", base64.b64encode(right.digest()).decode().rstrip("=")),
    ):
        for label in ("", "SHA-256="):
            yield Reading("digest_spelling", spelt.format(how=how), _lines(read, label + text))
    for name, label, made in (
        ("SHA-512", "SHA-512=", hashlib.sha512(content)),
        ("BLAKE2b-512", "BLAKE-512=", hashlib.blake2b(content)),
        ("SHA-1", "SHA-1=", hashlib.sha1(content, usedforsecurity=False)),
    ):
        text = base64.b64encode(made.digest()).decode()
        sentence = f"The digest is a {name} digest. It must be SHA-256."
        for before in ("", label):
            yield Reading("digest_algorithm", sentence, _lines(read, before + text))
    text = base64.b64encode(right.digest()).decode()
    sentence = "The digest line begins with {how}. Write `digest: ` and the Base64, or `SHA-256=`."
    for label in ("sha-256=", "SHA256=", "SHA-256:"):
        yield Reading("digest_label", sentence.format(how=label), _lines(read, label + text))


def _lines(read: Signature, digest: str) -> bytes:
    return f"(created): {read.created}\n(expires): {read.expires}\ndigest: {digest}".encode()


def _layouts(content: bytes, read: Signature) -> Iterator[Reading]:
    """The right digest in another arrangement of the lines, or with no lines at all."""
    digest = hashlib.sha256(content).digest()
    text = base64.b64encode(digest).decode()
    right = _lines(read, text)
    no_lines = (
        "You sign {what}. Sign three lines instead: `(created): …`, `(expires): …` and "
        "`digest: …`, with line feeds between them."
    )
    yield Reading("no_lines", no_lines.format(what="the JSON itself"), content)
    yield Reading("no_lines", no_lines.format(what="the digest alone"), digest)
    yield Reading("no_lines", no_lines.format(what="the digest alone"), text.encode())
    yield Reading("no_lines", no_lines.format(what="the digest line alone"), right.split(b"\n")[2])
    yield Reading(
        "lines_end",
        "There is a line feed behind the third line. The three lines have line feeds between "
        "them and none at the end.",
        right + b"\n",
    )
    arranged = "The three lines are joined by {how}. Join them by one line feed (LF) each."
    yield Reading("lines", arranged.format(how="CR LF"), right.replace(b"\n", b"\r\n"))
    yield Reading("lines", arranged.format(how="spaces"), right.replace(b"\n", b" "))
    yield Reading("lines", arranged.format(how="nothing"), right.replace(b"\n", b""))
    names = "The lines are named {how}. Write them exactly as (created): , (expires): and digest: ."
    bare = right.replace(b"(created)", b"created").replace(b"(expires)", b"expires")
    yield Reading("lines", names.format(how="without brackets"), bare)
    tight = right.replace(b": ", b":")
    yield Reading("lines", names.format(how="without the space behind the colon"), tight)


def sliceable(body: bytes) -> bool:
    """Whether header and message stand in the body as two members."""
    try:
        raw_parts(body)
    except (msgspec.DecodeError, NotUnderstood):
        return False
    return True
