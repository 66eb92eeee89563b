"""The addresses of files in the published description, with their shapes and examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args

import msgspec

from ibr.access.scopes import SCOPES, UPDATES
from ibr.files.model import State
from ibr.files.sending.respond import MEDIA
from ibr.interop.dci.openapi_parts import content
from ibr.interop.dci.openapi_schemas import refer
from ibr.interop.own.own_files import FILES, Announced, Completed, FileSaid

Schema = dict[str, Any]

_BYTES: Final[Schema] = {"type": "string", "contentMediaType": "application/octet-stream"}
_ONE: Final = f"{FILES}/{{file}}"
_NUMBER: Final[Schema] = {
    "name": "file",
    "in": "path",
    "required": True,
    "description": "The number that the announcement was answered with.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999_999_999},
}
_BEGINS: Final[Schema] = {
    "name": "Upload-Offset",
    "in": "header",
    "required": True,
    "description": "Where the part begins: 0 for the first, then what HEAD tells.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 999_999_999_999_999},
}
_ENDS: Final[Schema] = {
    "Upload-Offset": {"description": "How many bytes are here.", "schema": {"type": "integer"}}
}
_ASKED: Final = {"programme": "DCI001", "cycle": "2026-10", "name": "october.csv", "bytes": 120000}
_DIGEST: Final = {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
_MAPPING: Final = {
    "columns": [
        {"column": "ID No", "to": "identifier:UIN"},
        {"column": "Paid", "to": "benefit.value", "decimal": ","},
    ],
    "constants": {"benefit.currency": "USD"},
}
_SAID: Final = {
    "file": 12,
    "programme": "DCI001",
    "cycle": "2026-10",
    "state": "tried",
    "bytes": 120000,
    "mapping": _MAPPING,
    "questions": [{"column": "Paid", "text": "Which currency is it?", "must": True}],
    "would": {
        "records": 1200,
        "new": 40,
        "changed": 310,
        "unchanged": 842,
        "repeated": 3,
        "refused": 5,
        "totals": 1,
    },
}
# The types that the addresses read and answer with, by the names they are published under.
_NAMES: Final = {
    "Announced": "FileAnnouncement",
    "Completed": "FileEnd",
    "FileSaid": "FileAnswer",
    "Mapping": "FileMapping",
    "Column": "FileColumn",
    "ControlTotals": "FileControlTotals",
    "Question": "FileQuestion",
}
_REFUSED: Final = ("400", "401", "403", "404", "500", "503")


def file_schemas() -> dict[str, Schema]:
    """Every shape of files by its name, from the types that read and write them."""
    _, made = msgspec.json.schema_components(
        [Announced, Completed, FileSaid], ref_template="#/components/schemas/{name}"
    )
    found = {_NAMES[name]: _published(schema) for name, schema in made.items()}
    found["FileAnswer"]["properties"]["state"] = {"type": "string", "enum": list(get_args(State))}
    number = {"type": "integer"}
    return found | {
        "FileAnnounced": {
            "type": "object",
            "description": "The file's number; Location says the same as an address.",
            "properties": {"file": number, "offset": number},
            "required": ["file", "offset"],
        },
        "FilesAnswer": {
            "type": "object",
            "description": "One's own files, the newest first; 50 at most.",
            "properties": {"files": {"type": "array", "items": refer("FileAnswer")}},
            "required": ["files"],
        },
    }


def _published(schema: Any) -> Any:
    """The same schema without defaults, its references under the published names."""
    if isinstance(schema, list):
        return [_published(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: _published(each)
        for name, each in schema.items()
        if name not in ("title", "default") and each != []
    }
    if "$ref" in found:
        found |= refer(_NAMES[found["$ref"].rsplit("/", 1)[1]])
    if isinstance(found.get("description"), str):
        found["description"] = " ".join(found["description"].split())
    return found


def file_paths(tag: str, errors: Iterable[str]) -> dict[str, Schema]:
    """The addresses; `errors` are the statuses that are described once for all."""
    refused = {status: {"$ref": f"#/components/responses/OwnError{status}"} for status in errors}
    read = {status: each for status, each in refused.items() if status in _REFUSED}
    whole = _arriving(read, refused) | _looked_at(read, refused)
    return {
        path: {
            verb: {"operationId": _name(path, verb), "tags": [tag], **each}
            for verb, each in verbs.items()
        }
        for path, verbs in whole.items()
    }


def _arriving(read: Schema, refused: Schema) -> dict[str, Schema]:
    """From the announcement to the last byte."""
    part = _operation(
        "Send a part", "Kept megabyte by megabyte: after a broken line go on where HEAD says.",
        [_NUMBER, _BEGINS], {"content": {"application/octet-stream": {"schema": _BYTES}}},
        {"204": {"description": "Kept.", "headers": _ENDS}}, refused,
    )  # fmt: skip
    return {
        FILES: {
            "get": _operation("List one's own files", "The newest first.", [], None,
                              _said("200", "FilesAnswer", {"files": [_SAID]}), read),
            "post": _operation("Announce a file", "Makes room for it and numbers it.", [],
                               _body("FileAnnouncement", _ASKED), _announced(), refused),
        },
        _ONE: {
            "get": _operation("See what became of a file",
                              "Ask until `state` is `tried`, or `done` after it was sent on.",
                              [_NUMBER], None, _said("200", "FileAnswer", _SAID), read),
            "head": _operation("Ask how much of a file is here", "To go on with it.", [_NUMBER],
                               None, {"200": {"description": "It is known.", "headers": _ENDS}},
                               _bare(read)),
            "delete": _operation("Forget a file", "One that was not sent on.", [_NUMBER], None,
                                 {"204": {"description": "Forgotten."}}, refused),
        },
        f"{_ONE}/content": {"put": part, "patch": part},
    }  # fmt: skip


def _looked_at(read: Schema, refused: Schema) -> dict[str, Schema]:
    """From the last byte to the response."""
    return {
        f"{_ONE}/complete": {
            "post": _operation("Close a file",
                               "What arrived must be what was sent. It is then looked at and "
                               "tried out; nothing is taken in.",
                               [_NUMBER], _body("FileEnd", _DIGEST),
                               _said("202", "FileAnswer", _SAID), refused),
        },
        f"{_ONE}/mapping": {
            "put": _operation("Say what the columns mean", "The file is tried out again by it.",
                              [_NUMBER], _body("FileMapping", _MAPPING),
                              _said("202", "FileAnswer", _SAID), refused),
        },
        f"{_ONE}/send": {
            "post": _operation("Have a file taken in",
                               "Possible once it is `tried` and no question that must be answered "
                               "is open.", [_NUMBER], None,
                               _said("202", "FileAnswer", _SAID), refused),
        },
        f"{_ONE}/response": {
            "get": _operation("Fetch the response", "The same layout as the file, with what became "
                              "of each row and why.", [_NUMBER], None, _response(), read),
        },
    }  # fmt: skip


def _operation(
    title: str,
    about: str,
    parameters: list[Schema],
    body: Schema | None,
    done: Schema,
    refused: Schema,
) -> Schema:
    return {
        "summary": title,
        "description": f"{about} Needs the scope `{UPDATES}`: {SCOPES[UPDATES]}.",
        "security": [{"partner": [UPDATES]}],
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": {"required": True, **body}} if body else {}),
        "responses": {**done, **refused},
    }


def _name(path: str, verb: str) -> str:
    what = path.removeprefix(FILES).replace("/{file}", "_one").replace("/", "_")
    return f"files{what}_{verb}"


def _shown(schema: str, name: str, value: Any) -> Schema:
    return {"content": content(refer(schema), {name: value})}


def _body(schema: str, example: Any) -> Schema:
    return _shown(schema, "question", example)


def _said(status: str, schema: str, example: Any) -> Schema:
    return {status: {"description": "Done.", **_shown(schema, "answer", example)}}


def _announced() -> Schema:
    place = {"Location": {"description": "Its address.", "schema": {"type": "string"}}}
    said = {"description": "Done.", "headers": place | _ENDS}
    return {"201": said | _shown("FileAnnounced", "answer", {"file": 12, "offset": 0})}


def _bare(refused: Schema) -> Schema:
    """Refusals of HEAD, which has an answer without a body."""
    return {status: {"description": "Refused; GET says why."} for status in refused}


def _response() -> Schema:
    kinds = {media.partition(";")[0]: {"schema": _BYTES} for media in MEDIA.values()}
    return {"200": {"description": "In the form that the file had.", "content": kinds}}
