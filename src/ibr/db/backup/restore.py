"""Restores a backup into a data folder that is empty, to its end or to a chosen second.

The running registry is never touched. What is restored is a registry of its own in a folder of its
own; whoever restores decides then whether it takes the place of the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import asyncpg
import msgspec

from ibr.db.backup import store
from ibr.db.backup.keep_wal import SUFFIX
from ibr.db.backup.sealed_file import read_header, read_sealed
from ibr.db.backup.shelf import Backup, Shelf
from ibr.db.backup.take import client_program, last_words
from ibr.db.backup.wal_names import Segment, history_timeline, left_at, missing, name_of, segment
from ibr.db.embedded import (
    Cluster,
    cluster_of,
    find_or_start,
    is_running,
    make_data_dir,
    make_private_folder,
    stop,
)
from ibr.db.pool import connect_as_owner
from ibr.db.programs import Account, Programs, begin_client, find_programs, within_reach
from ibr.errors import Conflict, NotUnderstood, Unavailable
from ibr.settings import Settings

_PATIENCE: Final = 3600.0
_LOG_FOLDER: Final = "restored-log"
_START: Final = re.compile(r"^START WAL LOCATION: .*\(file ([0-9A-F]{24})\)", re.MULTILINE)
_RECOVERY: Final = (
    "restore_command",
    "recovery_target_time",
    "recovery_target_name",
    "recovery_target_action",
)


class Until(msgspec.Struct, frozen=True):
    """How far to go: to a moment, to a named restore point, or to the end of what was kept."""

    at: datetime | None = None
    name: str | None = None

    @property
    def lines(self) -> list[str]:
        """The server's settings for it. What is neither a moment nor a name goes to the end."""
        lines = []
        if self.at is not None:
            moment = self.at.astimezone(UTC).isoformat(sep=" ")
            lines.append(f"recovery_target_time = '{moment}'")
        if self.name is not None:
            lines.append(f"recovery_target_name = '{self.name}'")
        return [*lines, "recovery_target_action = 'promote'"] if lines else []


END: Final = Until()


def restore(
    shelf: Shelf, backup: Backup, private: bytes, into: Settings, until: Until = END
) -> str:
    """Restores and starts the embedded server in `into.data_dir`; its address.

    Blocks until the server takes connections and has replayed what it should. Unavailable where
    the backup is damaged, the key is another or a log file is missing; what was begun is removed.
    """
    _must_be_empty(into)
    shelf.check(backup)
    make_data_dir(into.data_dir)
    cluster = cluster_of(into)
    make_private_folder(cluster.home, cluster.account)
    try:
        if backup.manifest.header.what == "dump":
            if until != END:
                raise NotUnderstood(
                    "backup.no_moment",
                    f"{backup.path.name} is a dump and brings back its own moment only. Leave out "
                    "--at, or choose a base backup.",
                )
            return _restore_dump(backup, private, into)
        return _restore_base(shelf, backup, private, into, until)
    except BaseException:
        stop(into)
        for folder in (cluster.home, cluster.sockets, into.data_dir):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def unseal(path: Path, private: bytes, out: BinaryIO) -> None:
    """Writes a backup's content as PostgreSQL's own programs read it: tar, or a dump."""
    with path.open("rb") as file:
        for piece in read_sealed(file, private, path.name):
            out.write(piece)


def _must_be_empty(into: Settings) -> None:
    folder = into.data_dir
    if into.database_url or (folder.exists() and any(folder.iterdir())) or is_running(into):
        raise Conflict(
            "backup.not_empty",
            f"{folder} is not empty. A backup is restored beside what is there, never over it: "
            "name a new folder.",
        )


def _restore_dump(backup: Backup, private: bytes, into: Settings) -> str:
    dsn = find_or_start(into).dsn
    asyncio.run(_with_roles(dsn))
    program = client_program("pg_restore", backup.manifest.header.major)
    command = [str(program), "--no-owner", "--exit-on-error", f"--dbname={dsn}"]
    _feed(backup, private, command, None)
    return dsn


async def _with_roles(dsn: str) -> None:
    connection = await connect_as_owner(dsn)
    try:
        await store.make_roles(connection)
    finally:
        await connection.close()


def _restore_base(
    shelf: Shelf, backup: Backup, private: bytes, into: Settings, until: Until
) -> str:
    header = backup.manifest.header
    cluster = cluster_of(into)
    unfinished = cluster.home / "data.new"
    make_private_folder(unfinished, cluster.account)
    _feed(backup, private, ["tar", "-x", "-p", "-C", str(unfinished), "-f", "-"], cluster.account)
    programs = within_reach(find_programs(header.major), cluster.account, cluster.home)
    _verify_files(cluster, programs, unfinished)
    first = _first_needed(unfinished, header.segment_bytes)
    log = _bring_log(shelf, private, cluster, first, header.segment_bytes)
    _configure(cluster, unfinished, log, until)
    unfinished.rename(cluster.data)
    return _recover(into, cluster, log)


def _feed(backup: Backup, private: bytes, command: Sequence[str], account: Account | None) -> None:
    """Opens the backup piece by piece into a program."""
    with _into(command, account) as program:
        unseal(backup.path, private, program)


@contextmanager
def _into(command: Sequence[str | Path], account: Account | None) -> Iterator[BinaryIO]:
    """What is written here goes to a program; Unavailable where that ends badly."""
    with tempfile.TemporaryFile() as errors:
        process = (
            account.begin(*command, errors=errors)
            if account is not None
            else begin_client(command, None, errors)
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            # It ended already, and says why below.
            with contextlib.suppress(BrokenPipeError):
                yield process.stdin  # type: ignore[misc]  # a pipe that is written to is a file
                process.stdin.close()
            code = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
        if code:
            raise Unavailable(
                "backup.restore_failed",
                f"The backup could not be restored. {command[0]} said: {last_words(errors)}",
            )


def _verify_files(cluster: Cluster, programs: Programs, data: Path) -> None:
    """Holds every restored file against the digests that the server itself wrote of them."""
    program = programs.folder / "pg_verifybackup"
    if not program.exists():
        return
    said = cluster.account.run(program, "-n", "-q", data)
    if said.returncode != 0:
        raise Unavailable(
            "backup.files_differ",
            f"The restored files are not those that were backed up: {said.stderr.strip()[-600:]} "
            "Use another backup.",
        )


def _first_needed(data: Path, size: int) -> Segment:
    """The first log file that this copy needs, as the copy says."""
    label = _START.search((data / "backup_label").read_text())
    found = segment(label[1], size) if label else None
    if found is None:
        raise Unavailable(
            "backup.damaged", "The backup does not say where its log begins. Use another backup."
        )
    return found


def _bring_log(
    shelf: Shelf, private: bytes, cluster: Cluster, first: Segment, size: int
) -> Path | None:
    """Opens the kept log files from the first needed one on into a folder of the server's user.

    None where none was kept since: the copy holds what it needs to be whole. Unavailable where
    one is missing in between: what came after it would be lost without a word.
    """
    names = [path.name.removesuffix(SUFFIX) for path in shelf.wal.glob(f"*{SUFFIX}")]
    histories = {
        timeline: left_at(_text(shelf, name, private), size)
        for name in names
        if (timeline := history_timeline(name)) is not None and timeline > first.timeline
    }
    kept = {found: name for name in names if (found := segment(name, size)) is not None}
    wanted = {found: name for found, name in kept.items() if found.number >= first.number}
    if not wanted:
        return None
    gap = missing(first, wanted, histories)
    if gap is not None:
        raise Unavailable(
            "backup.log_missing",
            f"The log file {name_of(gap, size)} is missing in {shelf.wal}, and everything after it "
            "could not be restored. Bring the file back, or restore with --at a moment before it "
            "from a folder that holds only the log files before.",
        )
    folder = cluster.home / _LOG_FOLDER
    make_private_folder(folder, cluster.account)
    for name in [*wanted.values(), *(f"{timeline:08X}.history" for timeline in histories)]:
        _open_log(shelf, name, private, folder, cluster)
    return folder


def _text(shelf: Shelf, name: str, private: bytes) -> str:
    path = shelf.wal / f"{name}{SUFFIX}"
    with path.open("rb") as file:
        return b"".join(read_sealed(file, private, path.name)).decode(errors="replace")


def _open_log(shelf: Shelf, name: str, private: bytes, folder: Path, cluster: Cluster) -> None:
    path = shelf.wal / f"{name}{SUFFIX}"
    # Written as the server's user: root never writes where somebody else may put a link.
    command = ("/bin/sh", "-c", 'exec cat > "$1"', "sh", folder / name)
    with _into(command, cluster.account) as out, path.open("rb") as file:
        header, _ = read_header(file, path.name)
        if header.segment != name:
            raise Unavailable(
                "backup.damaged",
                f"{path} is another log file than its name says. Bring back the right one.",
            )
        file.seek(0)
        for piece in read_sealed(file, private, path.name):
            out.write(piece)


def _configure(cluster: Cluster, data: Path, log: Path | None, until: Until) -> None:
    """Settings of the restored server, after those it brought along: the last one counts.

    It keeps no log yet: it must not write among the log files of the server that it is a copy of.
    """
    lines = ["archive_command = 'true'", "archive_timeout = 0"]
    if log is not None:
        source = shlex.quote(str(log)).replace("%", "%%")
        lines += [f'restore_command = \'cp {source}/"%f" "%p"\'', *until.lines]
        cluster.account.run("touch", data / "recovery.signal")
    elif until != END:
        raise Unavailable(
            "backup.log_missing",
            "No log file was kept since this backup, so it brings back its own moment only. Leave "
            "out --at, or bring back the log files.",
        )
    text = "\n".join(["", "# Written by the restore.", *lines, ""])
    made = cluster.account.run("tee", "-a", data / "postgresql.auto.conf", text=text)
    if made.returncode != 0:
        raise Unavailable(
            "backup.restore_failed",
            f"The restored server could not be set up: {made.stderr.strip()}",
        )


def _recover(into: Settings, cluster: Cluster, log: Path | None) -> str:
    try:
        dsn = find_or_start(into).dsn
        asyncio.run(_until_recovered(dsn))
    except (Unavailable, OSError, asyncpg.PostgresError) as wrong:
        raise _why(cluster, wrong) from None
    if log is not None:
        shutil.rmtree(log, ignore_errors=True)
    return dsn


async def _until_recovered(dsn: str) -> None:
    """Waits for the end of the replay, then forgets how it was asked for."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        connection = await connect_as_owner(dsn)
        try:
            if not await store.recovering(connection):
                for name in _RECOVERY:
                    await store.set_server(connection, name, None)
                await store.reload(connection)
                return
        finally:
            await connection.close()
        if time.monotonic() > deadline:
            raise Unavailable(
                "backup.restore_slow", "The restored server replays its log for over an hour."
            )
        await asyncio.sleep(0.1)


def _why(cluster: Cluster, wrong: Exception) -> Unavailable:
    """The reason in words, where the server's log tells one that people can do something about."""
    said = cluster.account.run("tail", "-n", "12", cluster.log).stdout
    if "recovery ended before configured recovery target was reached" in said:
        return Unavailable(
            "backup.moment_not_reached",
            "The kept log ends before the moment you chose, or its last file is missing. Choose an "
            "earlier moment, or leave out --at to restore all there is.",
        )
    kind = wrong.message if isinstance(wrong, Unavailable) else type(wrong).__name__
    return Unavailable(
        "backup.restore_failed", f"The restored server did not come up ({kind}). Its log: {said}"
    )
