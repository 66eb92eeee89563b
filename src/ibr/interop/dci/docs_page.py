"""/docs and /openapi.json: the published document for readers and for programs.

The page is drawn on the server, with one small style sheet and no script at all.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup

from ibr.interop.dci.openapi_parts import Document

VERBS: Final = ("get", "head", "post", "put", "patch", "delete")
_HERE: Final = Path(__file__).parent
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "public, max-age=300",
}


def handlers(document: Document) -> list[HTTPRouteHandler]:
    """The document, the page and its style sheet, for the application to mount at the root."""

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(document)

    @cache
    def drawn() -> bytes:
        return _page(document)

    @get("/openapi.json", sync_to_thread=False, include_in_schema=False, name="openapi")
    def openapi() -> Response[bytes]:
        return _answer(encoded(), "application/json")

    @get("/docs", sync_to_thread=False, include_in_schema=False, name="docs")
    def docs() -> Response[bytes]:
        return _answer(drawn(), "text/html; charset=utf-8")

    @get("/docs/style.css", sync_to_thread=False, include_in_schema=False, name="docs style")
    def style() -> Response[bytes]:
        return _answer((_HERE / "docs_page.css").read_bytes(), "text/css; charset=utf-8")

    return [openapi, docs, style]


def _answer(body: bytes, kind: str) -> Response[bytes]:
    return Response(body, media_type=kind, headers=_HEADERS)


def _page(document: Document) -> bytes:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["as_shown"] = as_shown
    environment.filters["with_code"] = with_code
    environment.filters["references"] = _references
    environment.filters["kind"] = kind_of
    template = environment.get_template("docs_page.html")
    return template.render(document=document, groups=_groups(document)).encode()


Shown = tuple[str, str, list[tuple[str, dict[str, Any]]]]


def _groups(whole: Document) -> list[Shown]:
    """The operations under the tag that each belongs to, each with its address as shown."""
    found = [
        (f"{verb.upper()} {path}", operation)
        for path, item in whole["paths"].items()
        for verb, operation in item.items()
        if verb in VERBS
    ]
    found += [
        (f"POST to you: {name}", item["post"])
        for name, item in whole["components"]["pathItems"].items()
    ]
    return [
        (
            tag["name"],
            tag["description"],
            [each for each in found if tag["name"] in each[1]["tags"]],
        )
        for tag in whole["tags"]
    ]


def with_code(text: str) -> Markup:
    """A description with what stands in backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    )


def _references(responses: dict[str, Any]) -> list[str]:
    """The statuses whose answers are described once for all operations."""
    return [status for status, given in responses.items() if "$ref" in given]


def as_shown(value: Any) -> str:
    """An example as text: JSON; and a form as its fields, with the file as it is."""
    if not isinstance(value, dict) or "fileName" not in value:
        return json.dumps(value, indent=2, ensure_ascii=False)
    fields = [f"{name}: {text}" for name, text in value.items() if name != "fileName"]
    return "\n".join([*fields, "fileName:", value["fileName"]])


def kind_of(schema: dict[str, Any]) -> list[tuple[str, str | None]]:
    """A schema in few words: each part's text, and the name of the schema it refers to."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return [(name, name)]
    if "allOf" in schema:
        base, *narrowed = schema["allOf"]
        return [*kind_of(base), *[part for each in narrowed for part in _narrowed(each)]]
    if "anyOf" in schema:
        several = [kind_of(each) for each in schema["anyOf"]]
        return [
            part
            for number, each in enumerate(several)
            for part in ([(" or ", None)] if number else []) + each
        ]
    if schema.get("type") == "array" and "items" in schema:
        return [("list of ", None), *kind_of(schema["items"])]
    named = schema.get("type", "any")
    text = " or ".join(named) if isinstance(named, list) else str(named)
    if schema.get("enum"):
        text += ": " + ", ".join(str(each) for each in schema["enum"])
    return [(f"{text} ({schema['format']})" if "format" in schema else text, None)]


def _narrowed(schema: dict[str, Any]) -> list[tuple[str, str | None]]:
    """What a part of an allOf asks for besides: the values of a member."""
    return [
        (f" with {name} {' or '.join(each['enum'])}", None)
        for name, each in schema["properties"].items()
    ]
