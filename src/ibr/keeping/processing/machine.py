"""Measures of protection that only the machine can show, for the record of processing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ibr.db.backup.take import shelf_of
from ibr.keeping.processing.model import Measure
from ibr.protection.keyring import FILE_NAME as KEYRING
from ibr.protection.record_keys import FILE_NAME as RECORD_KEYS
from ibr.settings import Settings

_FRESH: Final = timedelta(hours=26)


def measures(settings: Settings, at: datetime) -> tuple[Measure, ...]:
    """What is truly there on this machine now."""
    keys = settings.data_dir / "keys"
    newest = max((each.made_at for each in shelf_of(settings).backups()), default=None)
    apart = settings.backup_dir is None or not any(
        any(settings.backup_dir.rglob(name)) for name in (KEYRING, RECORD_KEYS)
    )
    return (
        Measure(
            code="record_keys",
            there=(keys / RECORD_KEYS).exists(),
            seen=RECORD_KEYS,
        ),
        Measure(
            code="sealed_backups",
            there=newest is not None and at - newest <= _FRESH,
            seen="none" if newest is None else f"newest {newest:%Y-%m-%d %H:%M}",
        ),
        Measure(
            code="keys_apart",
            there=apart,
            seen="none" if apart else "a copy",
        ),
        Measure(
            code="second_factors",
            there=settings.production or settings.second_factor == "all",
            seen=f"IBR_SECOND_FACTOR={settings.second_factor}",
        ),
    )
