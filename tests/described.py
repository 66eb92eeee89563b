"""The registry's own description with every shape closed: what is not described is a fault."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from ibr.interop.own.own_openapi import published as document


def closed(schema: Any) -> Any:
    """The same schema with every object closed."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(each) for name, each in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        found["additionalProperties"] = False
    return found


@cache
def _components() -> dict[str, Any]:
    return {"schemas": closed(deepcopy(document()["components"]["schemas"]))}


@cache
def _validator(*names: str) -> Draft202012Validator:
    several = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return Draft202012Validator({"anyOf": several, "components": _components()})


def fits(name: str, value: Any) -> list[str]:
    """What a value has against a schema of the document, or holds beyond it."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": _components()}
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def answer_fits(path: str, verb: str, status: int, body: bytes) -> bool:
    """Whether an answer has one of the shapes that the address is described with, and no more."""
    response = document()["paths"][path][verb.lower()]["responses"][str(status)]
    if "$ref" in response:
        response = document()["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    content = response.get("content", {})
    if verb == "HEAD" or "application/json" not in content:
        # Nothing at all, or the bytes of a file.
        return bool(body) == bool(content)
    schema = content["application/json"]["schema"]
    names = [each["$ref"].rsplit("/", 1)[1] for each in schema.get("anyOf", [schema])]
    return _validator(*names).is_valid(msgspec.json.decode(body))
