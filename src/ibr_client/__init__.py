"""A client for programme systems: report, ask, search, subscribe, receive callbacks.

Works without the registry's own code; the messages are in `ibr_messages`.
"""

from ibr_client.adapters import LocalServer, asgi, wsgi
from ibr_client.async_client import AsyncRegistryClient
from ibr_client.callbacks import Handlers, Received
from ibr_client.client import RegistryClient
from ibr_client.credentials import Credentials, signing_key
from ibr_client.failures import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    ClientError,
    KeysNotAvailable,
    NotPermitted,
    NotReached,
    NotSetUp,
    QueryRefused,
    Refused,
    RegistryBusy,
    StillPending,
)
from ibr_client.memory import InMemory, Memory
from ibr_client.receiver import AsyncCallbackReceiver, CallbackReceiver
from ibr_client.results import Outcome, Page, Report, Ticket
from ibr_client.set_up import Options
from ibr_client.steps import Patience
from ibr_client.store import FileMemory
from ibr_client.wanted import Wanted, expression, identifier, predicate

__all__ = [
    "AnswerNotTrusted",
    "AnswerNotUnderstood",
    "AsyncCallbackReceiver",
    "AsyncRegistryClient",
    "CallbackReceiver",
    "ClientError",
    "Credentials",
    "FileMemory",
    "Handlers",
    "InMemory",
    "KeysNotAvailable",
    "LocalServer",
    "Memory",
    "NotPermitted",
    "NotReached",
    "NotSetUp",
    "Options",
    "Outcome",
    "Page",
    "Patience",
    "QueryRefused",
    "Received",
    "Refused",
    "RegistryBusy",
    "RegistryClient",
    "Report",
    "StillPending",
    "Ticket",
    "Wanted",
    "asgi",
    "expression",
    "identifier",
    "predicate",
    "signing_key",
    "wsgi",
]
