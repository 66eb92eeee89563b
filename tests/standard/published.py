"""The standard's published OpenAPI file as JSON schemas, read where it lies."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

URI = "urn:ibr-api"


@cache
def document(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        (folder / "standard" / "openapi" / "ibr_api_v1.0.0.yaml").read_text()
    )
    return loaded


@cache
def registry(folder: Path) -> Registry[Any]:
    resource = Resource.from_contents(document(folder), default_specification=DRAFT202012)
    return Registry().with_resource(URI, resource)


def faults(folder: Path, pointer: str, instance: Any) -> list[str]:
    """What the schema at this place of the file has against the instance."""
    schema = {"$ref": f"{URI}#{pointer}"}
    validator = Draft202012Validator(
        schema, registry=registry(folder), format_checker=FormatChecker()
    )
    return [error.message for error in validator.iter_errors(instance)]


def schema(name: str) -> str:
    return f"/components/schemas/{name}"


def body_of(path: str) -> str:
    return f"/paths/{path.replace('/', '~1')}/post/requestBody/content/application~1json/schema"


def answer_of(path: str) -> str:
    place = path.replace("/", "~1")
    return f"/paths/{place}/post/responses/default/content/application~1json/schema"
