"""A real, certified OpenID provider that runs for some tests (tests/node/provider.js)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

NODE = Path(__file__).parent / "node"


@contextmanager
def running(asked: Mapping[str, Any]) -> Iterator[str]:
    """The address of a provider with this set-up; skips where node is not installed."""
    program = shutil.which("node")
    if program is None or not (NODE / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("node and its packages are not installed: npm ci in tests/node")
    with subprocess.Popen(
        [program, "provider.js"],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
        process.terminate()


async def answered(
    client: httpx.AsyncClient, page: httpx.Response, **answers: Any
) -> httpx.Response:
    """Answers what the provider asks until it sends the browser back."""
    for _ in range(3):
        asked = re.search(r'action="(/interaction/[^"]+)" data-prompt="(\w+)"', page.text)
        if asked is None:
            break
        page = await client.post(str(page.url.join(asked[1])), data=answers)
    return page
