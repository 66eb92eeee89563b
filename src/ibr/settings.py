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

Explained = msgspec.Meta

Profile = Literal["development", "production"]
_Days = Annotated[
    int, Explained(ge=1, le=366, description="Days until this step of a case is overdue.")
]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
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
    session_minutes: Annotated[
        int, Explained(ge=1, description="An officer's session ends after this much idle time.")
    ] = 15
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
    locale: Annotated[str, Explained(description="Language of pages before a reader chooses.")] = (
        "en"
    )
    currency: Annotated[
        str, Explained(pattern="^[A-Z]{3}$", description="Currency of values that name none.")
    ] = "XTS"
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
    def reached_at(self) -> str | None:
        """Where other registries reach this one; None where nobody has said."""
        if self.public_url:
            return self.public_url.rstrip("/")
        return None if self.production else f"http://127.0.0.1:{self.port}"

    @property
    def own_ids(self) -> frozenset[str]:
        """Every receiver_id that means this registry, in lower case."""
        ids = (self.registry_id, *self.receiver_ids.split(","))
        return frozenset(each.strip().lower() for each in ids if each.strip())


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; says which variable is wrong and why."""
    source = os.environ if environment is None else environment
    given: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        variable = f"IBR_{field.name.upper()}"
        if source.get(variable):
            given[field.name] = source[variable]
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        if field.name not in given:
            continue
        try:
            values[field.name] = msgspec.convert(
                given[field.name], field.type, strict=False, dec_hook=_from_text
            )
        except msgspec.ValidationError as wrong:
            variable = f"IBR_{field.name.upper()}"
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
    return settings


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
