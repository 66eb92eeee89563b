"""Finds the PostgreSQL to use, or runs a private one: a trial and a small office need no other.

The private server has no network address. It listens on a socket inside a folder that only its own
user (and root) may enter, which is why it needs no password. It outlives the process that started
it; `stop` ends it.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import socket
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import asyncpg
import msgspec

from ibr.db.programs import Account, Programs, account_for, find_programs, within_reach
from ibr.errors import Unavailable
from ibr.log import logger
from ibr.settings import Settings

OWNER = "ibr_owner"
DATABASE = "ibr"
PORT = 5432  # only a part of the socket's name: nothing listens on the network
PATIENCE_SECONDS = 30
LONGEST_SOCKET_PATH = 103  # Linux takes 107 bytes, macOS 103

# How a connection fails where there is no server, or where it is stopped while we are let in.
_GONE = (
    ConnectionRefusedError,
    ConnectionResetError,
    FileNotFoundError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
)

# Archiving is on and keeps nothing until `ibr db backup` says where to: to switch it on later would
# need a restart.
#
# What the server says must never hold a person: errors quote values in their text and details, so
# only the server's own messages (LOG, FATAL, PANIC) are written, briefly, without statements.
CONFIGURATION = """
# Written once by the registry; change what you need below.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = {port}
max_connections = 100
shared_buffers = '256MB'
max_wal_size = '2GB'
jit = off
fsync = on
full_page_writes = on
synchronous_commit = on
wal_level = replica
archive_mode = on
archive_command = 'true'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %u '
log_min_messages = log
log_error_verbosity = terse
log_checkpoints = off
log_statement = none
log_min_duration_statement = -1
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


class Location(msgspec.Struct, frozen=True):
    """How to reach the database: somebody's own server, or the one that we run."""

    kind: Literal["own", "embedded"]
    dsn: str


class Cluster(msgspec.Struct, frozen=True):
    """The private server's folders, and the user they belong to."""

    home: Path
    sockets: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def location(self) -> Location:
        return Location("embedded", self.dsn(DATABASE))

    def dsn(self, database: str) -> str:
        return f"postgresql://{OWNER}@/{database}?host={self.sockets}&port={PORT}"

    def major(self) -> int | None:
        """The PostgreSQL version that made the data; None before there is any."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None


def find_or_start(settings: Settings, *, programs: Path | None = None) -> Location:
    """Where the database is, started first if it is ours and not running. Blocks for seconds."""
    if settings.database_url:
        return Location("own", settings.database_url)
    _make_data_dir(settings.data_dir)
    with _only_one(settings.data_dir):
        cluster = _cluster(settings.data_dir)
        _private_folder(cluster.home, cluster.account)
        _private_folder(cluster.sockets, cluster.account)
        if not cluster.account.may_enter(cluster.home):
            raise _folder_refused(cluster.home, f"the user {cluster.account.name} cannot reach it")
        if not (_answers(cluster) and _ready(cluster)):
            # A server that was stopping when we asked is gone now, and is started like any other.
            _begin(cluster, settings, programs)
            if not _ready(cluster):
                raise Unavailable(
                    "database.not_answering",
                    f"The embedded database started and ended at once. See {cluster.log}.",
                )
    return cluster.location


def stop(settings: Settings, *, programs: Path | None = None) -> None:
    """Stops the server that we run, if it runs; somebody's own server is left alone."""
    if settings.database_url or not settings.data_dir.exists():
        return
    cluster = _cluster(settings.data_dir)
    if cluster.major() is None:
        return
    with _only_one(settings.data_dir):
        found = find_programs(cluster.major(), programs)
        control = within_reach(found, cluster.account, cluster.home).folder / "pg_ctl"
        if cluster.account.run(control, "status", "-D", cluster.data).returncode != 0:
            return
        stopped = cluster.account.run(
            control, "stop", "-D", cluster.data, "-m", "fast", "-w", "-t", "60"
        )
        if stopped.returncode != 0:
            raise Unavailable(
                "database.not_stopped",
                f"The embedded database did not stop: {stopped.stderr.strip()} See {cluster.log}.",
            )


def cluster_of(settings: Settings) -> Cluster:
    """The folders and the user of the server that we run, or would run, for these settings."""
    return _cluster(settings.data_dir)


def programs_of(cluster: Cluster) -> Programs:
    """PostgreSQL's programs of the version that made the data, where the server's user can run
    them; Unavailable where they are gone."""
    found = find_programs(cluster.major())
    return within_reach(found, cluster.account, cluster.home)


def make_private_folder(folder: Path, account: Account) -> None:
    """Makes a folder that only the server's user may enter; refuses one that is not so already."""
    _private_folder(folder, account)


def make_data_dir(folder: Path) -> None:
    """Makes a data folder that the server's user can pass through; leaves an existing one alone."""
    _make_data_dir(folder)


def is_running(settings: Settings) -> bool:
    """Whether the server that we run takes connections now."""
    return not settings.database_url and _answers(_cluster(settings.data_dir))


def _make_data_dir(folder: Path) -> None:
    if folder.exists():
        return
    try:
        folder.mkdir(parents=True)
        # As root another user must pass through to the database, and may list nothing here.
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except FileExistsError:
        return
    except OSError as refused:
        raise _folder_refused(folder, refused.strerror or "it cannot be made") from None


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Holds the lock that keeps two starters, or a starter and a stopper, apart."""
    try:
        # The system closes the file when a process dies, so the lock cannot be left behind.
        held = os.open(folder / "postgres.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as refused:
        raise _folder_refused(folder, refused.strerror or "it cannot be locked") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _cluster(data_dir: Path) -> Cluster:
    """The folders, decided the same way every time from what is on the disk."""
    place = data_dir.resolve()
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:12]
    home = place / "postgres"
    if os.geteuid() == 0 and not (home / "data").exists():
        elsewhere = Path("/var/lib") / f"ibr-{digest}"
        if elsewhere.exists() or not account_for(home).may_enter(place):
            home = elsewhere
    account = account_for(home)
    sockets = home / "socket"
    # A comma, a space or a quote would be read as more than one folder in one place or another.
    plain = re.fullmatch(r"[A-Za-z0-9/._-]+", str(sockets))
    if not plain or len(os.fsencode(_socket_file(sockets))) > LONGEST_SOCKET_PATH:
        # Not $XDG_RUNTIME_DIR or $TMPDIR: the next caller may have another, or it may be emptied
        # at logout while the server still runs.
        sockets = Path("/tmp") / f"ibr-{account.uid}-{digest}"
    return Cluster(home, sockets, account)


def _socket_file(sockets: Path) -> Path:
    return sockets / f".s.PGSQL.{PORT}"


def _private_folder(folder: Path, account: Account) -> None:
    """Makes a folder that only the account may enter; refuses one that is not so already."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        seen = folder.lstat()
        if stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid() == 0:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
            seen = folder.lstat()
    except OSError as refused:
        raise _folder_refused(folder, refused.strerror or "it cannot be made") from None
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != account.uid or seen.st_mode & 0o077:
        raise _folder_refused(
            folder,
            f"it must be a folder of the user {account.name} that nobody else may enter",
        )


def _folder_refused(folder: Path, why: str) -> Unavailable:
    return Unavailable(
        "database.folder",
        f"The embedded database cannot use {folder}: {why}. Correct its owner and mode, or set "
        "IBR_DATA_DIR to a folder of your own.",
    )


def _answers(cluster: Cluster) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(_socket_file(cluster.sockets)))
        except OSError:
            return False
    return True


def _begin(cluster: Cluster, settings: Settings, forced: Path | None) -> None:
    found = find_programs(cluster.major(), forced)
    usable = within_reach(found, cluster.account, cluster.home)
    if cluster.major() is None:
        if not cluster.home.is_relative_to(settings.data_dir.resolve()):
            logger().warning(
                "database.placed_elsewhere",
                path=str(cluster.home),
                reason=f"the user {cluster.account.name} cannot enter IBR_DATA_DIR",
            )
        _make(cluster, usable)
    _start(cluster, usable)


def _make(cluster: Cluster, programs: Programs) -> None:
    """Makes the data folder whole or not at all: its name is given last."""
    unfinished = cluster.home / "data.new"
    for locale in ("C.UTF-8", "C"):
        shutil.rmtree(unfinished, ignore_errors=True)
        made = cluster.account.run(
            programs.folder / "initdb",
            *("-D", unfinished, "-U", OWNER, "-E", "UTF8", f"--locale={locale}"),
            *("--data-checksums", "--auth=trust"),
        )
        if made.returncode == 0 or "locale" not in made.stderr:
            break
    if made.returncode == 0:
        # Written as the account, so that root never writes where somebody else may put a link.
        made = cluster.account.run(
            *("tee", "-a", unfinished / "postgresql.conf"),
            text=CONFIGURATION.format(sockets=cluster.sockets, port=PORT),
        )
    if made.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        why = made.stderr.strip()
        if "could not look up effective user ID" in why:
            # Usual in containers started with a bare number as the user.
            why = (
                f"PostgreSQL needs a line for the user {cluster.account.name} in /etc/passwd. Add "
                "one, start as another user, or set IBR_DATABASE_URL."
            )
        raise Unavailable(
            "database.not_made",
            f"The embedded database could not be made in {cluster.home}: {why}",
        )
    unfinished.rename(cluster.data)


def _start(cluster: Cluster, programs: Programs) -> None:
    begun = time.monotonic()
    while True:
        # Recovery after a crash may take minutes; `pg_ctl` waits for it and returns at its end.
        started = cluster.account.run(
            programs.folder / "pg_ctl",
            *("start", "-D", cluster.data, "-l", cluster.log, "-w", "-t", "600"),
            # Said anew each time: a data folder that was moved or restored still knows its old one.
            *("-o", f"-k {cluster.sockets}"),
        )
        seconds = time.monotonic() - begun
        if started.returncode == 0:
            logger().info(
                "database.started",
                path=str(cluster.home),
                version=programs.major,
                seconds=round(seconds, 2),
            )
            return
        said = cluster.account.run("tail", "-n", "4", cluster.log).stdout.strip()
        # After a kill the old server's last processes take a moment to leave; so does a server
        # that is being stopped. Anything else will not mend itself.
        leaving = "still in use" in said or "already exists" in said
        if not leaving or seconds > PATIENCE_SECONDS:
            raise Unavailable(
                "database.not_started",
                f"The embedded database did not start. Its log, {cluster.log}, ends with: {said}",
            )
        time.sleep(0.2)


def _ready(cluster: Cluster) -> bool:
    """Waits until the server takes a query; False if there is no server any more."""
    # The caller may be inside an event loop already, and a thread may have only one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(_become_ready(cluster))).result()


async def _become_ready(cluster: Cluster) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection = await asyncpg.connect(cluster.dsn(DATABASE), timeout=PATIENCE_SECONDS)
        except asyncpg.InvalidCatalogNameError:
            first = await asyncpg.connect(cluster.dsn("postgres"), timeout=PATIENCE_SECONDS)
            try:
                await first.execute(f"create database {DATABASE}")
            finally:
                await first.close()
        except _GONE:
            return False
        except (
            asyncpg.CannotConnectNowError,
            asyncpg.TooManyConnectionsError,
            OSError,
        ) as refused:
            if time.monotonic() > deadline:
                raise Unavailable(
                    "database.not_answering",
                    f"The embedded database takes no connections: {refused}. See {cluster.log}.",
                ) from None
            await asyncio.sleep(0.1)
        else:
            await connection.close()
            return True
