"""`make sbom`: every third-party component as CycloneDX 1.6, from the lock files.

Version and digests are those of the lock files, licence and homepage those that the installed
package says of itself. Made twice from the same locks it is the same, to the byte: it holds no
time, and its number is made of its content.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
WHOLE, TO_RUN = "requirements.lock", "requirements-run.lock"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_OURS: Final = uuid.UUID("5f1f1e4e-43a2-5bb4-9c64-2f5a0d4b1b1e")


def pins(text: str) -> dict[str, tuple[str, list[str]]]:
    """Name to version and digests, of a lock file."""
    found: dict[str, tuple[str, list[str]]] = {}
    digests: list[str] = []
    for line in text.splitlines():
        pin = _PIN.match(line)
        if pin:
            digests = []
            found[_plain(pin[1])] = (pin[2], digests)
        digests += _DIGEST.findall(line)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def bill(root: Path = ROOT) -> dict[str, Any]:
    """The bill of materials."""
    whole = (root / WHOLE).read_text(encoding="utf-8")
    to_run = pins((root / TO_RUN).read_text(encoding="utf-8"))
    components = [
        _component(name, version, digests, needed=name in to_run)
        for name, (version, digests) in sorted(pins(whole).items())
    ]
    digest = hashlib.sha256(json.dumps(components, sort_keys=True).encode()).hexdigest()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_OURS, digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "ibr",
                "name": "ibr",
                "version": importlib.metadata.version("ibr"),
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
            "properties": [{"name": "cdx:reproducible", "value": "true"}],
        },
        "components": components,
        "dependencies": [
            {"ref": "ibr", "dependsOn": [each["bom-ref"] for each in components if _runs(each)]}
        ],
    }


def _runs(component: dict[str, Any]) -> bool:
    return bool(component["scope"] == "required")


def _component(name: str, version: str, digests: list[str], *, needed: bool) -> dict[str, Any]:
    """One package; `excluded` are those that only make and test the registry."""
    purl = f"pkg:pypi/{name}@{version}"
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "scope": "required" if needed else "excluded",
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
    }
    licence = _licence(name)
    if licence:
        made["licenses"] = [{"license": {"name": licence}}]
    return made


def _licence(name: str) -> str:
    """What the package says of its licence; nothing where it is not installed here."""
    try:
        said = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    short = said.get("License-Expression") or ""
    classes = [
        each.rpartition(" :: ")[2]
        for each in said.get_all("Classifier") or ()
        if each.startswith("License ::")
    ]
    first = (said.get("License") or "").strip().splitlines()
    return str(short or ", ".join(classes) or (first[0] if first else ""))[:200]


def main() -> int:
    """Writes it to the file that is named, or to standard output."""
    text = json.dumps(bill(), indent=1, ensure_ascii=False) + "\n"
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {len(bill()['components'])} components")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
