"""What every answer carries, whoever asked for what; what the proxy adds (ASVS 3, 4, 12, 13)."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from ibr.app import beside_the_standard
from ibr.operation.dependencies import Watched
from ibr.operation.requests import CountedRequests, Draining
from ibr.settings import Settings
from ibr.web.services import WebServices
from tests.conftest import scratch_folder
from tests.web_country import WebCountry, filled

ROOT = Path(__file__).parents[2]
PROXY = (ROOT / "deploy" / "nginx" / "ibr.conf").read_text(encoding="utf-8")
STATIC = ROOT / "src" / "ibr" / "web" / "static"
ADDRESSES = (
    "/sign-in",
    "/",
    "/public/en",
    "/public/api",
    "/nothing-is-here",
    "/static/style.css",
    "/static/nothing.css",
    "/docs",
    "/openapi.json",
    "/health/live",
    "/metrics",
)


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


def whole(services: WebServices) -> CountedRequests:
    """All that is answered beside the standard's addresses, as production serves it."""
    rest = beside_the_standard(services, Watched(services.database))
    return CountedRequests(rest, Draining(), encrypted=True)  # type: ignore[arg-type]


@asynccontextmanager
async def browser(country: WebCountry, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with country.services(Settings(data_dir=folder)) as services:
        transport = httpx.ASGITransport(whole(services), client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            yield client


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
async def test_no_answer_lacks_its_headers(
    country: WebCountry, folder: Path, path: str, accept: str
) -> None:
    async with browser(country, folder) as client:
        answer = await client.get(path, headers={"accept": accept})
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff", path
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name in ("x-content-type-options", "content-security-policy", "referrer-policy"):
        assert len(headers.get_list(name)) == 1, name
    assert "server" not in headers
    kept = headers.get("cache-control", "")
    assert (
        "no-store" in kept
        or not answer.content
        or path.startswith(("/public", "/static", "/docs", "/openapi"))
    )


@pytest.mark.parametrize("path", ADDRESSES)
async def test_every_body_says_what_it_is(country: WebCountry, folder: Path, path: str) -> None:
    async with browser(country, folder) as client:
        answer = await client.get(path, headers={"accept": "text/html"})
    kind = answer.headers.get("content-type", "")
    assert kind or not answer.content
    if kind.startswith("text/html"):
        assert "charset=utf-8" in kind.replace(" ", "").lower()
    if kind.startswith("application/json"):
        answer.json()


async def test_only_published_files_are_for_other_sites(country: WebCountry, folder: Path) -> None:
    async with browser(country, folder) as client:
        for path in ADDRESSES:
            answer = await client.get(path, headers={"origin": "https://elsewhere.example"})
            allowed = answer.headers.get("access-control-allow-origin")
            assert allowed is None or (allowed == "*" and path.startswith("/public")), path
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/static/",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2fsettings.py",
        "/src/ibr/app.py",
        "/requirements.lock",
        "/var/keys/keyring.json",
    ],
)
async def test_nothing_of_the_source_is_served(
    country: WebCountry, folder: Path, path: str
) -> None:
    async with browser(country, folder) as client:
        answer = await client.get(path)
    assert answer.status_code in (404, 405), path
    assert "import " not in answer.text
    assert "href=" not in answer.text or "style.css" in answer.text


async def test_trace_is_not_answered(country: WebCountry, folder: Path) -> None:
    async with browser(country, folder) as client:
        for path in ("/", "/sign-in", "/health/live"):
            answer = await client.request("TRACE", path, headers={"x-secret": "ZZ-CANARY"})
            assert answer.status_code in (404, 405, 501)
            assert "ZZ-CANARY" not in answer.text


async def test_signing_out_clears_the_browser(country: WebCountry, folder: Path) -> None:
    from tests.database.test_web_pages import sign_in, token

    async with browser(country, folder) as client:
        client.headers["accept"] = "text/html"
        assert (await sign_in(client, "officer@example.org")).status_code == 303
        page = await client.get("/")
        out = await client.post("/sign-out", data={"form_token": token(page.text)})
    assert out.headers["clear-site-data"] == '"cache", "storage"'


def test_scripts_store_nothing_in_the_browser() -> None:
    own = [path for path in STATIC.glob("*.js") if not path.name.startswith("htmx")]
    assert len(own) >= 3
    for path in own:
        text = path.read_text(encoding="utf-8")
        for word in ("sessionStorage", "indexedDB", "document.cookie", "innerHTML"):
            assert word not in text, (path.name, word)
        # One of them remembers that a reader does without its keys, and nothing else.
        stored = set(re.findall(r"localStorage\.\w+\(([^,)]*)", text))
        assert stored <= {"OFF"}, (path.name, stored)
        assert "__proto__" not in text
        assert "postMessage" not in text
    base = (ROOT / "src/ibr/web/templates/base.html").read_text(encoding="utf-8")
    assert '"historyCacheSize":0' in base
    assert '"allowEval":false' in base


@pytest.mark.parametrize(
    "name", ["x%22%0d%0aset-cookie:%20a=b", "..%2f..%2fetc%2fpasswd", "%00.csv", "ibr.csv%0a.html"]
)
async def test_a_download_names_its_file_itself(
    country: WebCountry, folder: Path, name: str
) -> None:
    """A name that was not given by the registry is a file that is not there."""
    async with browser(country, folder) as client:
        answer = await client.get(f"/public/files/1/{name}")
    assert answer.status_code in (400, 404)
    assert "content-disposition" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_no_word_of_a_request_is_written_into_a_files_name() -> None:
    writing = re.compile(r"attachment; filename=[^\n]*")
    found: list[str] = []
    for path in (ROOT / "src" / "ibr").rglob("*.py"):
        found += writing.findall(path.read_text(encoding="utf-8"))
    assert len(found) >= 3
    assert [line for line in found if re.search(r"request|query|upload", line)] == []


def test_the_proxy_says_it_of_what_it_answers_itself() -> None:
    said = 'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;'
    assert PROXY.count(said) == 1
    assert "proxy_hide_header Strict-Transport-Security;" in PROXY


def test_the_proxy_speaks_tls_of_today() -> None:
    assert re.search(r"ssl_protocols\s+TLSv1\.2 TLSv1\.3;", PROXY)
    ciphers = re.search(r"ssl_ciphers\s+(\S+);", PROXY)
    assert ciphers
    for each in ciphers[1].split(":"):
        assert re.fullmatch(r"ECDHE-(ECDSA|RSA)-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305)", each)


def test_a_message_in_the_clear_is_not_led_on() -> None:
    plain = PROXY[PROXY.index("listen 80;") : PROXY.index("listen 443")]
    assert re.search(r"\(registry\|oauth2\|callbacks\|api\)/ \{\s+return 403;", plain)
    assert "proxy_pass" not in plain
