"""A file of any length is read with one row in memory; shown by taking the memory away."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A file of thirty megabytes, a piece at a time, in a process that may have no more than this.
PROGRAM = """
import resource, sys
from ibr_messages.flat import json_of_csv

resource.setrlimit(resource.RLIMIT_AS, (96 * 1024 * 1024,) * 2)
HEAD = b"signature,s\\r\\nheader.a,b,rows,message.enrolled_updates.beneficiaries\\r\\n"
HEAD += b"member.a,member.b,benefits[0].benefit_type\\r\\n"
ROW = sys.argv[2].encode()
PIECE = ROW * (1024 * 1024 // len(ROW))

def file():
    yield HEAD
    for _ in range(30):
        yield PIECE

whole = {"pieces": lambda pieces: sum(map(len, pieces)), "whole": lambda all: len(b"".join(all))}
print(whole[sys.argv[1]](json_of_csv(file(), 2**31)))
"""
ROW = 'somebody with quite a long name,"and, a text\r\nof two lines",1\r\n'


def run(how: str, row: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, how, row]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_large_file_needs_little_memory() -> None:
    done = run("pieces", ROW)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 30_000_000


def test_control_the_whole_of_it_would_not_fit() -> None:
    assert "MemoryError" in run("whole", ROW).stderr


@pytest.mark.parametrize("row", ['"', "x", "x,", '"x\r\n', '"x"",'], ids=repr)
def test_a_row_without_an_end_is_not_gathered(row: str) -> None:
    """A quote that is never closed, a cell, a row or a text of lines without an end."""
    done = run("pieces", row)
    assert "NotUnderstood" in done.stderr
    assert "MemoryError" not in done.stderr
