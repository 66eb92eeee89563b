"""A backup brings back the registry: all of it, or any second of it (reliability F11, F12)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibr.clock import now
from ibr.db.backup.keep_wal import SUFFIX
from ibr.db.backup.restore import Until, restore
from ibr.db.backup.take import take_base, take_dump
from ibr.db.embedded import find_or_start, stop
from ibr.errors import Conflict, NotFound, RegistryError, Unavailable
from ibr.operation.drill import drill
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from tests.backup_site import DELIVER, DELIVERED, Site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def story(site: Site) -> dict[str, Any]:
    """A backup, three deliveries after it, and the moments between them."""
    site.deliver("BEFORE")
    backup = take_base(site.settings, now())
    moments = [site.deliver(code) for code in ("ONE", "TWO", "THREE")]
    site.keep()
    # Something more is written later, so that the log goes beyond the last of the moments.
    site.deliver("LATER")
    site.keep()
    return {"backup": backup, "moments": moments}


def delivered(site: Site, dsn: str) -> list[str]:
    return site.ask(DELIVERED, dsn=dsn)


def test_a_chosen_second_between_two_deliveries_is_brought_back(
    site: Site, story: dict[str, Any]
) -> None:
    dsn = site.restore(story["backup"], story["moments"][0])
    assert delivered(site, dsn) == ["BEFORE", "ONE"]
    # A registry of its own: it can be written to, and keeps nothing among the other's log.
    site.ask(DELIVER, "NEW", dsn=dsn)
    assert site.ask("show archive_command", dsn=dsn) == ["true"]
    # Nor does it go back once more when it is started again.
    left = "select count(*) from pg_file_settings where name ~ '^(recovery|restore)'"
    assert site.ask(left, dsn=dsn) == [0]
    assert "NEW" not in delivered(site, site.dsn)


def test_another_second_gives_another_state(site: Site, story: dict[str, Any]) -> None:
    dsn = site.restore(story["backup"], story["moments"][1])
    assert delivered(site, dsn) == ["BEFORE", "ONE", "TWO"]


def test_without_a_moment_all_that_was_kept_is_brought_back(
    site: Site, story: dict[str, Any]
) -> None:
    dsn = site.restore(story["backup"])
    assert delivered(site, dsn) == ["BEFORE", "LATER", "ONE", "THREE", "TWO"]


def test_a_moment_after_the_end_of_the_log_is_refused_in_words(
    site: Site, story: dict[str, Any]
) -> None:
    with pytest.raises(Unavailable, match="ends before the moment you chose"):
        site.restore(story["backup"], now() + timedelta(hours=1))
    assert not site.restored[-1].data_dir.exists()


def test_the_newest_backup_from_before_the_moment_is_chosen(
    site: Site, story: dict[str, Any]
) -> None:
    assert site.shelf.newest(before=story["moments"][0]).path == story["backup"].path
    with pytest.raises(NotFound, match="from before that moment"):
        site.shelf.newest(before=story["backup"].made_at - timedelta(seconds=1))


def test_the_drill_goes_the_whole_way_and_says_so(site: Site, story: dict[str, Any]) -> None:
    result = site.drill()
    assert result.well, result.words
    said = " ".join(result.words)
    assert "are the same, row for row" in said
    assert "keys open with the keyring" in said
    assert "Every page has the right checksum" in said
    assert site.shelf.last_drill() == result
    assert not list(site.settings.data_dir.glob("drill-*"))
    print(f"drill {result.seconds} s: {said}")


def test_control_a_log_file_that_is_left_out_fails_the_drill_loudly(
    site: Site, story: dict[str, Any]
) -> None:
    shelf = site.copy_of_shelf()
    names = sorted(path.name for path in shelf.wal.glob(f"*{SUFFIX}") if len(path.stem) == 24)
    (shelf.wal / names[-2]).unlink()
    result = site.drill(shelf)
    assert not result.well
    assert f"{names[-2].removesuffix(SUFFIX)} is missing" in " ".join(result.words)
    assert shelf.last_drill() == result


def test_control_the_last_log_file_left_out_fails_a_restore_to_a_moment(
    site: Site, story: dict[str, Any]
) -> None:
    shelf = site.copy_of_shelf()
    for path in shelf.wal.glob(f"*{SUFFIX}"):
        path.unlink()
    with pytest.raises(Unavailable, match="No log file was kept"):
        site.restore(story["backup"], story["moments"][0], shelf=shelf)


def spoil(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_flipped_byte_in_the_backup_is_detected(site: Site, story: dict[str, Any]) -> None:
    shelf = site.copy_of_shelf()
    backup = shelf.newest()
    spoil(backup.path, backup.path.stat().st_size // 2)
    result = site.drill(shelf)
    assert not result.well
    assert "its digest is not the one in its manifest" in " ".join(result.words)


def test_a_flipped_byte_in_a_log_file_is_detected(site: Site, story: dict[str, Any]) -> None:
    shelf = site.copy_of_shelf()
    last = max(path for path in shelf.wal.glob(f"*{SUFFIX}") if len(path.stem) == 24)
    spoil(last, last.stat().st_size // 2)
    with pytest.raises(Unavailable, match="is damaged"):
        site.restore(shelf.newest(), shelf=shelf)


def test_a_hole_in_the_log_is_seen_without_any_key(site: Site, story: dict[str, Any]) -> None:
    shelf = site.copy_of_shelf()
    backup = shelf.newest(before=now())
    assert shelf.log_gap(backup) is None
    names = sorted(path for path in shelf.wal.glob(f"*{SUFFIX}") if len(path.stem) == 24)
    names[-2].unlink()
    assert shelf.log_gap(backup) == names[-2].stem


def test_a_wrong_key_says_so(site: Site, story: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match="Name the right key file with --key"):
        site.restore(story["backup"], private=bytes(32))
    assert not site.restored[-1].data_dir.exists()


def test_control_a_row_that_is_not_as_it_was_fails_the_drill(
    site: Site, story: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The restored registry is changed by hand before it is looked over."""

    def tampered(*given: Any) -> str:
        dsn = restore(*given)
        site.ask('update ibr.programme set names = \'{"en": "x"}\'', dsn=dsn)
        return dsn

    monkeypatch.setattr("ibr.operation.drill.restore", tampered)
    result = site.drill()
    assert not result.well
    assert "Tables with other rows: programme" in " ".join(result.words)


def test_control_the_wrong_keyring_fails_the_drill(site: Site, story: dict[str, Any]) -> None:
    other = Sealer(open_keyring(site.folder / "other-keys", create=True))
    result = drill(site.settings, site.dsn, site.private, other, now())
    assert not result.well
    assert "does not belong where it stands" in " ".join(result.words)


def test_nothing_is_restored_over_what_is_there(site: Site, story: dict[str, Any]) -> None:
    with pytest.raises(Conflict, match="never over it"):
        restore(site.shelf, story["backup"], site.private, site.settings, Until())
    assert "BEFORE" in delivered(site, site.dsn)


def test_a_dump_brings_back_its_moment_and_no_other(site: Site, story: dict[str, Any]) -> None:
    backup = take_dump(site.settings, site.dsn, now())
    site.deliver("AFTER-THE-DUMP")
    with pytest.raises(RegistryError, match="brings back its own moment only"):
        site.restore(backup, now())
    dsn = site.restore(backup)
    assert "LATER" in delivered(site, dsn)
    assert "AFTER-THE-DUMP" not in delivered(site, dsn)
    assert site.ask("select count(*) from pg_class where relrowsecurity", dsn=dsn)[0] > 10
    result = site.drill()
    assert result.well, result.words
    assert result.backup == backup.manifest.file


def test_a_backup_that_failed_half_way_is_none(
    site: Site, story: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [each.path for each in site.shelf.backups()]
    monkeypatch.setattr("ibr.db.backup.take.without_password", lambda dsn: f"{dsn}&nothing=1")
    with pytest.raises(Unavailable, match="The backup failed"):
        take_dump(site.settings, site.dsn, now() + timedelta(seconds=5))
    assert [each.path for each in site.shelf.backups()] == before
    assert not list(site.shelf.folder.glob(".*"))


def test_old_backups_go_with_the_log_that_only_they_needed(
    site: Site, story: dict[str, Any]
) -> None:
    shelf = site.copy_of_shelf()
    newest = shelf.newest(before=now())
    assert shelf.tidy(now() + timedelta(days=400), 35) == []
    for day in range(1, 4):
        header = msgspec.structs.replace(
            newest.manifest.header,
            made_at=(newest.made_at + timedelta(days=day)).isoformat(),
            segment="0000000100000000000000F0",
        )
        file = f"base-{day}.ibrbackup"
        made = shelf.folder / f"{day}.new"
        made.write_bytes(b"")
        shelf.put(msgspec.structs.replace(newest.manifest, file=file, header=header), made)
    gone = shelf.tidy(now() + timedelta(days=400), 35)
    assert newest.manifest.file in gone
    assert len([name for name in gone if name.endswith(SUFFIX)]) >= 2
    assert len(shelf.backups()) == 3


def test_a_server_of_an_older_registry_is_told_to_keep_its_log() -> None:
    other = Site()
    try:
        other.ask("alter system set archive_mode = off")
        stop(other.settings)
        find_or_start(other.settings)
        take_base(other.settings, now())
        assert other.ask("show archive_mode") == ["on"]
        other.keep()
    finally:
        with contextlib.suppress(FileNotFoundError):
            other.close()
