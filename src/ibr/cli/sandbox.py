"""`ibr sandbox`: for integrators: a registry to try things on, and a check of their endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from nacl.signing import SigningKey

from ibr.calls.caller import Caller
from ibr.calls.rules import address_rules
from ibr.cli import demo
from ibr.cli.show import command, console, data, said, wait_for
from ibr.db.embedded import Location, find_or_start, stop
from ibr.demo.country import make_country
from ibr.errors import Conflict, NotUnderstood
from ibr.sandbox import set_up
from ibr.sandbox.check import Wanted, check
from ibr.sandbox.known import (
    ADMINISTRATOR,
    OFFICER_PASSWORD,
    PARTNERS,
    REGISTRY_ID,
    registry_jwks,
    registry_key,
)
from ibr.sandbox.model import Finding, Report
from ibr.sandbox.played_registry import ANSWERS, PlayedRegistry
from ibr.settings import Settings, read_settings
from ibr_messages.encryption import from_base64url

app = typer.Typer(help="For integrators: try things, check an endpoint.", no_args_is_help=True)

_SEED = 7
_SIGNS = {"well": "[green]well[/]", "mend": "[bold red]MEND[/]", "open": "[yellow]open[/]"}

Folder = Annotated[Path | None, typer.Option(help="Where the sandbox is kept.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

# What a check is told, one line for each option of the command below.
Url = Annotated[
    str, typer.Argument(help="What the callback paths (/registry/on-search …) lie beneath.")
]
Receiver = Annotated[
    str, typer.Option(help="Your system's sender_id: the receiver of the messages.")
]
RegistryId = Annotated[str, typer.Option(help="Id of the registry it plays.")]
RegistryKey = Annotated[
    Path | None, typer.Option(help="Private JWK it signs with; the published one without.")
]
JwksUrl = Annotated[str | None, typer.Option(help="Where you publish your keys.")]
KeyFile = Annotated[Path | None, typer.Option(help="File with your JWKS instead.")]
TokenUrl = Annotated[str | None, typer.Option(help="Where you give tokens.")]
ClientId = Annotated[str, typer.Option(help="For the token.")]
ClientSecret = Annotated[str, typer.Option(envvar="IBR_CHECK_SECRET", help="For the token.")]
Begun = Annotated[
    list[str] | None,
    typer.Option(
        "--open",
        metavar="KIND,TRANSACTION_ID,CORRELATION_ID",
        help="What your system has begun: search, subscribe, unsubscribe or txn-status.",
    ),
]
Reference = Annotated[str | None, typer.Option(help="Of the items in what is open.")]
Subscription = Annotated[str | None, typer.Option(help="Of a subscription that your system has.")]
Multipart = Annotated[bool, typer.Option("--multipart", help="Your receivers read files too.")]


@app.command("serve")
@command
def serve(
    folder: Folder = None,
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1.")] = None,
    people: Annotated[int, typer.Option(min=50, help="How many made-up people benefit.")] = 60,
    callback_url: Annotated[
        list[str] | None, typer.Option(help="Where the first partner is called back.")
    ] = None,
) -> None:
    """Run a registry with made-up people, known keys and a trace of every message."""
    settings = set_up.sandbox_settings(read_settings(), folder, port)
    address = f"http://{settings.host}:{settings.port}"
    if demo.is_ready(address):
        raise Conflict(
            "sandbox.running",
            f"A registry is running at {address} already. Stop it, or choose another --port.",
        )
    set_up.mark(settings)
    # Asked to end by whoever started it, it takes its registry and its database along.
    demo.take_children_along()
    location = find_or_start(settings)
    try:
        wait_for(set_up.prepare(settings, location.dsn))
        kept = set_up.mark(settings)
        with demo.started_registry(settings, address) as process:
            example = kept.example or _filled(settings, location, address, people)
            if callback_url:
                wait_for(set_up.call_back(location.dsn, callback_url))
            _welcome(settings, address, example)
            process.wait()
    except KeyboardInterrupt:
        said("Stopping …")
    finally:
        stop(settings)


def _filled(
    settings: Settings, location: Location, address: str, people: int
) -> set_up.Example | None:
    """Fills the sandbox, the first time; somebody to ask about."""
    folder = settings.data_dir / "demo"
    if folder.exists():
        raise Conflict(
            "sandbox.half",
            f"Filling the sandbox was interrupted. Delete {settings.data_dir} and start again.",
        )
    demo.fill(settings, location.dsn, folder, address, people, _SEED)
    wait_for(set_up.add_known(location.dsn))
    example = set_up.example_of(make_country(people, _SEED))
    set_up.mark(settings, set_up.Mark(example=example))
    return example


def _welcome(settings: Settings, address: str, example: set_up.Example | None) -> None:
    keys = set_up.write_keys(settings)
    said("")
    said(f"The sandbox is running at {address}")
    said(f"  registry         {REGISTRY_ID} (receiver_id of your messages)")
    said(f"  token            {address}/oauth2/client/token")
    said(f"  API              {address}/docs and {address}/openapi.json")
    said(f"  keys             {address}/.well-known/jwks.json, and files in {keys.absolute()}")
    for partner in PARTNERS:
        said(f"  partner          {partner.sender_id}: reports for {', '.join(partner.programmes)}")
        said(f"    client_id      {partner.client_id}")
        said(f"    client_secret  {partner.client_secret}")
        said(f"    private key    {keys.absolute() / f'{partner.client_id}.private.jwk.json'}")
        said(f"    developer      {partner.developer}")
    if example is not None:
        said(f"  enrolled         {example.kind} {example.value} in {example.programme}")
    said(f"  pages            {address}/developers shows every message, and why one was refused")
    said(f"  administrator    {ADMINISTRATOR[0]}")
    said(f"  password of all  {OFFICER_PASSWORD}")
    said("  all people are made up, all keys and secrets are published; stop with Ctrl-C")


@app.command("keys")
@command
def keys(json: Json = False) -> None:
    """Show the published keys: the registry's, which a receiver must know, and the partners'."""
    if json:
        partners = {
            each.sender_id: {
                "client_id": each.client_id,
                "client_secret": each.client_secret,
                "private_jwk": each.private_jwk,
            }
            for each in PARTNERS
        }
        data({"registry_id": REGISTRY_ID, "registry": registry_jwks(), "partners": partners})
        return
    said(f"Keys of {REGISTRY_ID}, which a receiver that is checked must know:")
    data(registry_jwks())
    for each in PARTNERS:
        said(f"Private key of {each.sender_id} (client {each.client_id}):")
        data(each.private_jwk)


@app.command("check")
@command
def check_command(
    url: Url,
    sender_id: Receiver = PARTNERS[0].sender_id,
    registry_id: RegistryId = REGISTRY_ID,
    registry_key: RegistryKey = None,
    jwks_url: JwksUrl = None,
    key: KeyFile = None,
    token_url: TokenUrl = None,
    client_id: ClientId = "",
    client_secret: ClientSecret = "",
    begun: Begun = None,
    reference_id: Reference = None,
    subscription_code: Subscription = None,
    multipart: Multipart = False,
    json: Json = False,
) -> None:
    """Check the callback receivers of a programme system against the standard.

    Ends with exit code 1 when something must be mended.
    """
    settings = set_up.not_in_production(read_settings())
    registry = PlayedRegistry(
        registry_id=registry_id,
        receiver_id=sender_id,
        key=_registry_key(registry_key),
        open=_open(begun or []),
        reference_id=reference_id,
        subscription_code=subscription_code,
    )
    wanted = Wanted(
        jwks_url=jwks_url,
        jwks=_read(key) if key else None,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret,
        as_file=multipart,
    )
    report = wait_for(_checked(settings, url, registry, wanted, quiet=json))
    if json:
        data(_as_data(report))
    else:
        _summary(report)
    if report.must_be_mended:
        raise typer.Exit(1)


async def _checked(
    settings: Settings, url: str, registry: PlayedRegistry, wanted: Wanted, *, quiet: bool
) -> Report:
    # This machine may be called: whoever runs the check names the address.
    rules = address_rules(settings.callback_networks, local=True)
    caller = Caller(rules, ca_file=settings.callback_ca_file)
    try:
        return await check(caller, url, registry, wanted, (lambda _: None) if quiet else _show)
    finally:
        await caller.close()


def _open(begun: list[str]) -> dict[str, tuple[str, str]]:
    """What the endpoint has begun, by the action that answers it."""
    found = {}
    for each in begun:
        kind, *ids = each.split(",")
        if kind not in ANSWERS or len(ids) != 2 or not all(ids):
            raise NotUnderstood(
                "sandbox.open",
                "--open is KIND,TRANSACTION_ID,CORRELATION_ID; KIND is one of "
                f"{', '.join(ANSWERS)}.",
            )
        found[ANSWERS[kind]] = (ids[0], ids[1])
    return found


def _registry_key(file: Path | None) -> SigningKey:
    if file is None:
        return registry_key()
    try:
        return SigningKey(from_base64url(_read(file)["d"]))
    except (KeyError, TypeError, ValueError):
        raise NotUnderstood(
            "key.invalid", f"{file} is no private Ed25519 key as a JWK, with its member d."
        ) from None


def _read(path: Path) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes())
    except OSError:
        raise NotUnderstood("file.unreadable", f"{path} cannot be read.") from None
    except msgspec.DecodeError:
        raise NotUnderstood("file.json", f"{path} is not JSON.") from None


def _show(found: Finding) -> None:
    """One finding: a line where it is well, with everything to mend it where it is not."""
    sign = _SIGNS[found.verdict]
    console.print(f"{sign}  {found.id:8} {found.title}  [dim]{found.path}[/]", soft_wrap=True)
    if found.verdict == "well":
        return
    rows = [("sent", found.sent), ("came", found.came)]
    if found.verdict == "mend":
        rows += [("standard", found.standard), (f"{found.severity} be", found.mend)]
    for name, text in rows:
        console.print(f"        {name:10}{text}", markup=False, highlight=False, soft_wrap=True)


def _summary(report: Report) -> None:
    must, should = report.count("mend", "must"), report.count("mend", "should")
    said("")
    said(
        f"{report.url}: {report.count('well')} well, {must} must be mended, "
        f"{should} should be mended, {report.count('open')} left open."
    )


def _as_data(report: Report) -> dict[str, Any]:
    return {
        "url": report.url,
        "registry_id": report.registry_id,
        "receiver_id": report.receiver_id,
        "well": report.count("well"),
        "must": report.count("mend", "must"),
        "should": report.count("mend", "should"),
        "open": report.count("open"),
        "findings": report.findings,
    }
