"""The shape of the code, asked of the code itself; import rules are in pyproject.toml."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ibr.audit import events
from ibr.log import ALLOWED

SOURCE = Path(__file__).parents[2] / "src" / "ibr"
FILES = sorted(
    path for path in SOURCE.parent.rglob("*.py") if "migrations/versions" not in str(path)
)
TREES = {path: ast.parse(path.read_text()) for path in FILES}
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
# Longer on purpose: one list of options, one table of made-up mistakes.
LONG = {"cli/partners.py": {"add"}, "cli/sources.py": {"add"}, "demo/mistakes.py": {"_err"}}

# Where SQL stands beside store.py, and why.
SQL_ELSEWHERE = {
    "db": "the ground itself: pool, locks, staging, migrations, the embedded server",
    "cli/doctor.py": "looks at a database that may not be ours yet",
    "jobs": "the queue's own tables, through its library",
    "identity/engines": "DuckDB in memory, never the registry's database",
    "overlaps/snapshot": "DuckDB over files, never the registry's database",
    "overlaps/checks": "a check's statement is its rule; it runs on the snapshot's files",
    "coverage/facts": "DuckDB over the snapshot's files, never the registry's database",
    "coverage/engine": "DuckDB over files of facts, never the registry's database",
}
SQL = re.compile(
    r"^\s*(select\s+\S+.*\s+from\s|select\s+\w+\(|insert\s+into\s|update\s+\w+\s+set\s|"
    r"delete\s+from\s|with\s+\w+\s+as\s*\()",
    re.IGNORECASE | re.DOTALL,
)


def name(path: Path) -> str:
    """A file of the registry by its path below `ibr`, another package's by its whole path."""
    return str(path.relative_to(SOURCE if SOURCE in path.parents else SOURCE.parent))


def texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def with_sql(path: Path) -> bool:
    return any(SQL.match(text) for text in texts(TREES[path]))


def test_sql_is_written_in_files_called_store() -> None:
    elsewhere = [
        name(path)
        for path in FILES
        if path.name != "store.py"
        and not name(path).startswith(tuple(SQL_ELSEWHERE))
        and with_sql(path)
    ]
    assert elsewhere == []


def test_control_sql_is_found_where_it_is() -> None:
    assert with_sql(SOURCE / "registry" / "enrolment" / "store.py")
    assert not with_sql(SOURCE / "registry" / "enrolment" / "rules.py")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(TREES[path]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def inner_imports(function: ast.AST) -> set[int]:
    """The lines of a function's own imports; a function within it tells its lines again."""
    return {
        node.lineno for node in ast.walk(function) if isinstance(node, (ast.Import, ast.ImportFrom))
    }


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


# One test for each rule and not for each file: a thousand files would be thousands of tests.


def test_imports_stand_at_the_top() -> None:
    inner = {
        f"{name(path)}:{line}"
        for path in FILES
        for function in functions(path)
        for line in inner_imports(function)
    }
    assert sorted(inner) == []


def test_a_file_is_read_in_one_sitting() -> None:
    long = [
        f"{name(path)}: {lines}"
        for path in FILES
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
        and name(path) != "db/embedded.py"
    ]
    assert long == []


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{name(path)} {function.name}: {length(function)}"
        for path in FILES
        for function in functions(path)
        if length(function) > LONGEST_FUNCTION and function.name not in LONG.get(name(path), ())
    ]
    assert long == []


def test_control_what_is_too_long_or_inside_is_found() -> None:
    tree = ast.parse("def f():\n    import os\n" + "    x = 1\n" * 60)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert inner_imports(function) == {2}
    assert length(function) == 62


def test_there_is_one_place_that_commits() -> None:
    commits = [
        name(path)
        for path in FILES
        if any(text.strip().lower() == "commit" for text in texts(TREES[path]))
        or ".commit(" in path.read_text()
    ]
    assert commits == ["db/pool.py"]


def test_every_folder_says_what_it_is() -> None:
    silent = [
        name(path.parent)
        for path in FILES
        if path.name == "__init__.py" and not ast.get_docstring(TREES[path])
    ]
    assert silent == []


def test_every_file_says_what_it_is() -> None:
    assert [name(path) for path in FILES if not ast.get_docstring(TREES[path])] == []


def logged() -> Iterator[tuple[str, str]]:
    """Every key of every call of the logger."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Call)
                and getattr(node.func.value.func, "id", "") == "logger"
            ):
                yield from ((name(path), keyword.arg or "**") for keyword in node.keywords)


def test_only_listed_keys_are_ever_logged() -> None:
    assert [(path, key) for path, key in logged() if key not in ALLOWED] == []


def test_control_there_are_calls_of_the_logger() -> None:
    assert list(logged())


KINDS = {
    constant
    for constant, value in vars(events).items()
    if constant.isupper() and isinstance(value, str)
}


def test_every_kind_of_event_is_in_the_catalogue() -> None:
    assert {getattr(events, constant) for constant in KINDS} == set(events.CATALOGUE)


def test_no_kind_of_event_is_written_by_hand() -> None:
    by_hand = [
        (name(path), text)
        for path, tree in TREES.items()
        if path.name != "events.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "kind"
        for text in texts(node.value)
        if text in events.CATALOGUE
    ]
    assert by_hand == []


def test_the_time_is_read_in_one_place() -> None:
    readers = [
        name(path)
        for path in FILES
        if re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(", path.read_text())
    ]
    assert readers == ["clock.py"]


def test_the_environment_is_read_in_one_place() -> None:
    """And where the database's own programs get theirs, which is not a setting."""
    readers = [name(path) for path in FILES if re.search(r"os\.(environ|getenv)", path.read_text())]
    assert set(readers) <= {"settings.py", "db/programs.py"}
