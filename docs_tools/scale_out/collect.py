"""Every SQL statement of the source, read from the source itself.

SQL stands in files named store.py only (tests/architecture/test_shape.py). Each call of a
connection there is found, and its statement put together: literal text, constants of the module,
both ways of an `if`, every value of a table of texts. What only a caller knows has an example in
examples.py; a call whose statement cannot be put together is an error, never left out.
"""

from __future__ import annotations

import ast
import importlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docs_tools.scale_out.examples import ELSEWHERE, EXAMPLES

SOURCE = Path(__file__).parents[2] / "src"
METHODS = frozenset(
    {"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor", "copy_from_query"}
)
_MOST = 64


class Statement(NamedTuple):
    """One statement: the file it stands in, the function, and its text."""

    file: str
    function: str
    text: str


class Unresolved(Exception):
    """A statement of which a part is not known; says which."""


def statements() -> list[Statement]:
    """Every statement of every store.py that speaks to PostgreSQL."""
    found: list[Statement] = []
    for path in sorted((SOURCE / "ibr").rglob("store.py")):
        name = path.relative_to(SOURCE / "ibr").as_posix()
        if name not in ELSEWHERE:
            found += _of_file(path, name)
    return list(dict.fromkeys(found))


def _of_file(path: Path, name: str) -> Iterator[Statement]:
    module = importlib.import_module(
        ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    ).__dict__
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        reader = _Reader(module, function, name)
        for call in ast.walk(function):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if call.args and call.func.attr in METHODS:
                for text in reader.texts(call.args[0]):
                    yield Statement(name, function.name, text.strip())


class _Reader:
    """Puts texts together as one function would."""

    def __init__(self, module: dict[str, Any], function: ast.AST, file: str) -> None:
        self._module = module
        self._file = file
        self._name = getattr(function, "name", "")
        self._local: dict[str, list[ast.expr]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._local.setdefault(node.targets[0].id, []).append(node.value)
            match node:
                case ast.For(target=ast.Name(id=name), iter=ast.Tuple(elts=each)):
                    self._local.setdefault(name, []).extend(each)

    def texts(self, node: ast.expr) -> list[str]:
        """Every text that the expression may stand for."""
        key = (self._file, self._name, ast.unparse(node))
        if key in EXAMPLES:
            return list(EXAMPLES[key])
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                each = [self.texts(part) for part in parts]
                return ["".join(chosen) for chosen in itertools.islice(_product(each), _MOST)]
            case ast.FormattedValue(value=value):
                return self.texts(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return [a + b for a in self.texts(left) for b in self.texts(right)]
            case ast.IfExp(body=body, orelse=other):
                return self.texts(body) + self.texts(other)
            case ast.Name(id=name) if name in self._local:
                return [text for value in self._local[name] for text in self.texts(value)]
            case ast.Subscript(value=value) if isinstance(table := self._value(value), dict):
                return [str(text) for text in table.values()]
        text = self._value(node)
        if isinstance(text, str | int):
            return [str(text)]
        raise Unresolved(f"{self._file} {self._name}: {ast.unparse(node)}")

    def _value(self, node: ast.expr) -> Any:
        """What the expression is, from the module's own names alone; None where it is not."""
        if {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & self._local.keys():
            return None
        try:
            return eval(ast.unparse(node), dict(self._module))  # noqa: S307 - our own source
        except Exception:
            # Whatever it was, the text is not known from here.
            return None


def _product(each: list[list[str]]) -> Iterator[tuple[str, ...]]:
    return itertools.product(*each)
