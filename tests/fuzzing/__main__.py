"""`make fuzz SECONDS=3600`: a search for inputs that any reader of untrusted bytes stumbles over.

First a planted fault must be found; a search that misses it is worth nothing and ends here. Then
each target has its share of the time. What was reached is kept in the folder, so that the next run
goes on from there; it is never part of the repository. An input that fails is written to
`found/` in that folder, and belongs, once mended, into tests/fuzzing/found.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from tests.fuzzing.oracle import LARGEST, SECONDS, Target
from tests.fuzzing.planted import PLANTED
from tests.fuzzing.targets import TARGETS

FOUND = Path(__file__).parent / "found"
_CONTROL_SECONDS = 60
_EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_MEGABYTES = 1024
_CHATTER = ("INFO: ", "WARNING: Failed to find", "Instrumenting ")


class Outcome(msgspec.Struct, frozen=True):
    """What one search came to."""

    name: str
    executions: int
    seconds: float
    failed: bool
    said: str


def search(target: Target, folder: Path, tools: str, seconds: int) -> Outcome:
    """Searches for so long, from the seeds, what was found before, and what was kept last time."""
    kept, found = folder / "kept" / target.name, folder / "found" / target.name
    for each in (kept, found):
        each.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (kept / f"seed-{number:03}").write_bytes(seed)
    command = [sys.executable, "-m", "tests.fuzzing.search", tools, target.name, str(kept)]
    if (FOUND / target.name).is_dir():
        command.append(str(FOUND / target.name))
    command += [
        f"-max_total_time={seconds}",
        f"-max_len={LARGEST}",
        f"-timeout={int(SECONDS * 5)}",
        f"-rss_limit_mb={_MEGABYTES}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    said = "\n".join(
        line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(_CHATTER)
    )
    counted = _EXECUTIONS.search(said)
    return Outcome(
        target.name,
        int(counted[1]) if counted else 0,
        time.monotonic() - began,
        done.returncode != 0,
        said,
    )


def main() -> int:
    """Searches every target, or the named ones; 1 where anything was found."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    asked.add_argument("seconds", type=int, help="for all targets together")
    asked.add_argument("--tools", default="", help="site-packages that hold atheris")
    asked.add_argument("--folder", type=Path, default=Path(".cache/fuzz"))
    asked.add_argument("--target", action="append", choices=sorted(TARGETS))
    given = asked.parse_args()
    control = search(PLANTED, given.folder, given.tools, _CONTROL_SECONDS)
    if not control.failed or "PlantedError" not in control.said:
        print(control.said[-2000:])
        print("The planted fault was not found: this search would find nothing. Is atheris there?")
        return 2
    print(f"control    the planted fault was found after {control.seconds:.0f} s", flush=True)
    names = given.target or list(TARGETS)
    failed = 0
    executions = 0
    for name in names:
        share = max(1, given.seconds // len(names))
        outcome = search(TARGETS[name], given.folder, given.tools, share)
        executions += outcome.executions
        failed += outcome.failed
        state = "FAILED" if outcome.failed else "clean"
        line = f"{name:<10} {state:<7} {outcome.executions:>10} inputs {outcome.seconds:>7.0f} s"
        print(line, flush=True)
        if outcome.failed:
            print(outcome.said[-4000:], flush=True)
    print(f"{executions} inputs, {failed} of {len(names)} targets failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
