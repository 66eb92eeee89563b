"""Where runs read and write: snapshots, the facts they make of them, what simulations stand on."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ibr.coverage.engine.ground import ground_folder
from ibr.coverage.facts.write import facts_folder
from ibr.overlaps.snapshot.write import snapshots_folder


class Folders(msgspec.Struct, frozen=True):
    """Folders that only the registry's own user may look into."""

    snapshots: Path
    facts: Path
    ground: Path

    @classmethod
    def of(cls, data_dir: Path) -> Folders:
        return cls(snapshots_folder(data_dir), facts_folder(data_dir), ground_folder(data_dir))
