"""What the standard's operations work with, handed to each of them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ibr.access.partners import PartnerBook
from ibr.access.tokens import Tokens
from ibr.db.pool import Database
from ibr.interop.dci.answers import Writer
from ibr.interop.dci.envelope import Envelopes
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that the operations share.

    `questions` is a second pool for the yes/no questions alone: a large delivery can never take
    the connection that an answer needs.
    """

    database: Database
    questions: Database
    book: PartnerBook
    envelopes: Envelopes
    tokens: Tokens
    writer: Writer
    sealer: Sealer
    blind_index: BlindIndex
    spool_folder: Path
