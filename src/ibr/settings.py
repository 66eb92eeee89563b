"""Every setting, typed, with its meaning; the only reader of the environment.

A setting is read from the environment variable `IBR_` followed by its name in capitals.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ibr.errors import NotUnderstood
from ibr.settings_of_sign_in import SignInSettings, check_sign_in

Explained = msgspec.Meta

Profile = Literal["development", "production"]
_Days = Annotated[
    int, Explained(ge=1, le=366, description="Days until this step of a case is overdue.")
]


class Settings(SignInSettings, frozen=True, kw_only=True):
    """The registry's settings. Read once at start with `read_settings` and handed on."""

    data_dir: Annotated[
        Path, Explained(description="Embedded database, keys and spooled files.")
    ] = Path("var")
    database_url: Annotated[
        str | None,
        Explained(description="A PostgreSQL 15 or newer of your own instead of the embedded one."),
    ] = None
    host: Annotated[str, Explained(description="Address the registry listens on.")] = "127.0.0.1"
    port: Annotated[int, Explained(ge=0, le=65535, description="Port it listens on.")] = 8080
    profile: Annotated[
        Profile, Explained(description="`production` refuses every convenience of development.")
    ] = "development"
    registry_id: Annotated[
        str, Explained(description="The registry's own id in messages: sender_id and receiver_id.")
    ] = "ibr.example.org"
    receiver_ids: Annotated[
        str,
        Explained(
            description="Further receiver_id values read as ours, comma-separated, any case."
        ),
    ] = "ibr"
    error_http_status: Annotated[
        Literal[200, 400],
        Explained(description="HTTP status of an ERR answer to a message that cannot be read."),
    ] = 200
    max_message_bytes: Annotated[
        int,
        Explained(ge=1024, description="Largest question (search, enrolled, txn/status), bytes."),
    ] = 1_048_576
    max_delivery_bytes: Annotated[
        int, Explained(ge=1024, description="Largest enrolment update, bytes.")
    ] = 2_147_483_648
    token_seconds: Annotated[
        int, Explained(ge=60, le=3600, description="Life of a bearer token, seconds.")
    ] = 900
    requests_per_minute: Annotated[
        int, Explained(ge=1, description="Requests that one partner may make in a minute.")
    ] = 1_000_000
    address_requests_per_minute: Annotated[
        int | None,
        Explained(ge=1, description="Systems' requests of one address a minute; see deploy.md."),
    ] = None
    page_requests_per_minute: Annotated[
        int | None,
        Explained(ge=1, description="Officers' pages for one address a minute; see deploy.md."),
    ] = None
    partner_people_an_hour: Annotated[
        int | None,
        Explained(
            ge=0,
            description="Different people that a partner may ask about in an hour, unless it was "
            "given a budget of its own. Without it 5000 in production, 1000000 in development.",
        ),
    ] = None
    partner_people_a_day: Annotated[
        int | None,
        Explained(ge=0, description="The same in a day: 20000 in production, else 5000000."),
    ] = None
    public_url: Annotated[
        str | None,
        Explained(
            description="Address that other registries reach this one at, for their answers, for "
            "example https://ibr.example.org. Without it http://127.0.0.1 and the port, in "
            "development only."
        ),
    ] = None
    callback_networks: Annotated[
        str,
        Explained(
            description="Networks of your own that callbacks may reach beside public addresses, "
            "comma-separated, for example 10.20.0.0/16."
        ),
    ] = ""
    callback_ca_file: Annotated[
        Path | None,
        Explained(description="Certificates (PEM) that callbacks trust beside the system's."),
    ] = None
    callback_concurrency: Annotated[
        int, Explained(ge=1, le=32, description="Callbacks sent to one receiver at the same time.")
    ] = 4
    callback_days: Annotated[
        int,
        Explained(
            ge=1, description="Days that a delivered callback is kept, for a receiver that lost it."
        ),
    ] = 30
    trace: Annotated[
        Literal["refused", "all", "off"],
        Explained(
            description="Which messages partners' developers can look at: only `refused` ones "
            "and failed callbacks, `all`, or none (`off`). Kept for 14 days."
        ),
    ] = "refused"
    trace_content: Annotated[
        bool,
        Explained(
            description="Keep traced messages themselves, sealed. For a sandbox; `production` "
            "refuses it."
        ),
    ] = False
    export_figures: Annotated[
        int,
        Explained(
            ge=1,
            description="Figures that one officer may take out in one file; more needs a second "
            "person.",
        ),
    ] = 200_000
    officer_unseen_days: Annotated[
        int,
        Explained(
            ge=0,
            le=3660,
            description="Days after which an officer who was not on the pages is suspended; they "
            "are warned before. 0 suspends nobody.",
        ),
    ] = 90
    case_triage_days: _Days = 5
    case_assigned_days: _Days = 10
    case_information_days: Annotated[
        int, Explained(ge=1, le=366, description="Days that a person has to answer in a case.")
    ] = 21
    case_field_check_days: _Days = 30
    case_approval_days: _Days = 7
    case_letter_days: _Days = 5
    case_delivery_days: _Days = 14
    case_appeal_days: Annotated[
        int, Explained(ge=1, le=366, description="Days that a person has to appeal.")
    ] = 30
    case_appeal_decision_days: _Days = 30
    case_effect_days: _Days = 30
    case_hold_days: Annotated[
        int,
        Explained(
            ge=0,
            le=366,
            description="Longest interim hold of a case, days; it ends by itself. 0 for none. A "
            "programme may have less, never more.",
        ),
    ] = 30
    case_undo_minutes: Annotated[
        int, Explained(ge=0, le=1440, description="Minutes in which an officer can undo a step.")
    ] = 10
    linkage_memory_mb: Annotated[
        int,
        Explained(ge=256, description="Memory that weighing records against each other may take."),
    ] = 2048
    linkage_threads: Annotated[
        int, Explained(ge=1, le=64, description="Processors that weighing records may use.")
    ] = 2
    release_licence: Annotated[
        str, Explained(description="Licence under which releases of figures may be used.")
    ] = "CC BY 4.0"
    public_requests_per_minute: Annotated[
        int,
        Explained(ge=1, description="Pages and files of the public site for one address a minute."),
    ] = 300
    backup_dir: Annotated[
        Path | None,
        Explained(
            description="Where backups and log files are kept; another disk than the database's. "
            "Without it `backups` in the data folder."
        ),
    ] = None
    backup_days: Annotated[
        int,
        Explained(ge=1, description="Days that backups are kept; the newest three always stay."),
    ] = 35
    anchor_file: Annotated[
        Path | None,
        Explained(
            description="File outside the database that every seal of the audit trail is appended "
            "to; best on another disk or host that only lets it grow. Without it "
            "`anchor/seals.jsonl` in the data folder."
        ),
    ] = None
    trusted_proxies: Annotated[
        str,
        Explained(
            description="Addresses or networks of your own proxies, comma-separated. Only from "
            "them X-Forwarded-For and X-Forwarded-Proto are believed."
        ),
    ] = ""
    drain_seconds: Annotated[
        int,
        Explained(
            ge=0,
            le=15,
            description="Seconds between SIGTERM and the end of listening, in which "
            "/health/ready says 503 so that a proxy sends nothing more.",
        ),
    ] = 0
    smtp_host: Annotated[
        str | None, Explained(description="Mail server for reminders; without it none are sent.")
    ] = None
    smtp_port: Annotated[int, Explained(ge=1, le=65535, description="Its port.")] = 587
    smtp_tls: Annotated[
        Literal["starttls", "tls", "off"],
        Explained(description="How letters reach it; `production` allows `off` on this host only."),
    ] = "starttls"
    smtp_user: Annotated[str | None, Explained(description="User to sign in to it as.")] = None
    smtp_password_file: Annotated[
        Path | None, Explained(description="File with that user's password.")
    ] = None
    smtp_sender: Annotated[
        str | None, Explained(description="E-mail address that reminders come from.")
    ] = None
    smtp_ca_file: Annotated[
        Path | None, Explained(description="Certificates (PEM) to trust it by, not the system's.")
    ] = None
    traces_url: Annotated[
        str | None,
        Explained(
            description="Where a collector takes traces by OTLP over HTTP: the whole address."
        ),
    ] = None
    traces_share: Annotated[
        float, Explained(ge=0, le=1, description="Share of requests and jobs that are traced.")
    ] = 0.05
    locale: Annotated[str, Explained(description="Language of pages before a reader chooses.")] = (
        "en"
    )
    currency: Annotated[
        str, Explained(pattern="^[A-Z]{3}$", description="Currency of values that name none.")
    ] = "XTS"
    replica_url: Annotated[
        str | None,
        Explained(description="A streaming replica that figures and snapshots are read from."),
    ] = None
    replica_lag_seconds: Annotated[
        int, Explained(ge=1, description="Seconds it may be behind; later, it is not read from.")
    ] = 30
    database_connections: Annotated[
        int, Explained(ge=2, le=500, description="Connections each process may open.")
    ] = 8
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Explained(description="Least level logged.")
    ] = "info"

    @property
    def production(self) -> bool:
        return self.profile == "production"

    @property
    def partner_people(self) -> tuple[int, int]:
        """Different people that a partner may ask about in an hour and in a day."""
        hour, day = (5_000, 20_000) if self.production else (1_000_000, 5_000_000)
        an_hour, a_day = self.partner_people_an_hour, self.partner_people_a_day
        return hour if an_hour is None else an_hour, day if a_day is None else a_day

    @property
    def reached_at(self) -> str | None:
        """Where other registries reach this one; None where nobody has said."""
        if self.public_url:
            return self.public_url.rstrip("/")
        return None if self.production else f"http://127.0.0.1:{self.port}"

    @property
    def anchored_in(self) -> Path:
        """The file that seals are appended to."""
        return self.anchor_file or self.data_dir / "anchor" / "seals.jsonl"

    @property
    def own_ids(self) -> frozenset[str]:
        """Every receiver_id that means this registry, in lower case."""
        ids = (self.registry_id, *self.receiver_ids.split(","))
        return frozenset(each.strip().lower() for each in ids if each.strip())


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; says which variable is wrong and why."""
    source = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        variable = f"IBR_{field.name.upper()}"
        if not (given := source.get(variable)):
            continue
        try:
            values[field.name] = msgspec.convert(
                given, field.type, strict=False, dec_hook=_from_text
            )
        except msgspec.ValidationError as wrong:
            raise NotUnderstood(
                "setting.invalid", f"{variable}: {wrong}. See docs/reference/settings.md."
            ) from None
    settings = Settings(**values)  # type: ignore[arg-type]  # each value was converted to its field's type
    if settings.production and settings.trace_content:
        raise NotUnderstood(
            "setting.trace_content",
            "IBR_TRACE_CONTENT is for a sandbox: with IBR_PROFILE=production no message is kept "
            "for looking at. Leave it out.",
        )
    check_sign_in(settings, settings.reached_at, production=settings.production)
    return settings


def variables_given() -> list[str]:
    """The names of all IBR_ variables that are set, whether they are settings or not."""
    return [name for name in os.environ if name.startswith("IBR_")]


def environment_for(settings: Settings) -> dict[str, str]:
    """The environment of a process that is to have these very settings."""
    names = {field.name: f"IBR_{field.name.upper()}" for field in msgspec.structs.fields(Settings)}
    made = {name: value for name, value in os.environ.items() if name not in names.values()}
    for field in msgspec.structs.fields(Settings):
        value = getattr(settings, field.name)
        if value is not None and value != field.default:
            made[names[field.name]] = str(value).lower() if value is True else str(value)
    return made


def _from_text(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    # What msgspec asks of such a function for every other type: it then says what is wrong itself.
    raise NotImplementedError
