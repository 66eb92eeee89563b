"""What stands in a statement where only the caller knows, and the files that ask other engines."""

from __future__ import annotations

from typing import Final

from ibr.overlaps.snapshot.store import OUT
from ibr.registry.search.matching.model import Asked
from ibr.registry.search.matching.store import Together, _read
from ibr.registry.search.model import And, Compare, Filter
from ibr.registry.search.store import COLUMNS, Compiled

ELSEWHERE: Final = {
    "publish/receipts/store.py": "DuckDB",
    "coverage/engine/operations/held/store.py": "DuckDB",
    "db/distribution/store.py": "what distributes, run before anything is distributed",
    "db/backup/store.py": "a server's own affairs: settings, roles, sums of whole tables",
}

_FILTER: Final[Filter] = And(
    (
        Compare("identifier", "in", (b"1",)),
        Compare("programme", "in", ("a",)),
        Compare("status", "in", (1,)),
        Compare("benefit_type", "in", (1,)),
    )
)
_COMPILED: Final = Compiled((1,), _FILTER)
_KEYS: Final = Together(
    Asked(
        number=1,
        topic=1,
        programmes=frozenset({1}),
        filter=And((Compare("identifier", "in", (b"1",)),)),
    ),
    {},
).statement
_NARROWED: Final = (
    "",
    "and ({0}.record_id, {0}.appearance_no) in "
    "(select * from unnest($3::bigint[], $4::smallint[]))",
)


def _narrowed(table: str) -> tuple[str, ...]:
    return tuple(each.format(table) for each in _NARROWED)


EXAMPLES: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {
    ("access/budgets/store.py", "name_of", "table"): ("partner",),
    ("access/budgets/store.py", "name_of", "column"): ("partner_id",),
    (
        "access/store.py",
        "change_partner",
        "', '.join((f'{name} = ${number}' for number, name in enumerate(names, start=2)))",
    ): ("name = $2",),
    (
        "files/store.py",
        "add",
        "', '.join((f'${place}' for place in range(1, len(names) + 1)))",
    ): ("$1",),
    ("files/store.py", "add", "', '.join(names)"): ("state",),
    ("files/store.py", "change", "', '.join(parts)"): ("state = $4",),
    ("identity/persons/confirmed/store.py", "put_groups", "narrowed"): _narrowed("p"),
    ("identity/persons/confirmed/store.py", "forget_numbers", "narrowed"): _narrowed("n"),
    ("identity/persons/confirmed/store.py", "add_numbers", "narrowed"): _narrowed("p"),
    ("identity/persons/loading/store.py", "_these", "keys"): ("a.keys", "array_send(a.keys)"),
    ("jobs/store.py", "_changed", "statement"): (
        "update job set done_at = now() where job_id = $1 and lease_token = $2::uuid",
    ),
    ("operation/doctor/store.py", "readable_sealed", "table"): ("beneficiary_record",),
    ("operation/doctor/store.py", "readable_sealed", "column"): ("personal",),
    ("overlaps/cases/desk/store.py", "counted", "int(most)"): ("10",),
    ("overlaps/cases/desk/store.py", "listed", "int(most)"): ("10",),
    ("overlaps/cases/desk/store.py", "listed", "int(skip)"): ("10",),
    ("overlaps/snapshot/store.py", "copy_out", "query"): tuple(OUT.values()),
    ("registry/search/matching/store.py", "evaluate", "shape.statement"): (_KEYS,),
    (
        "registry/search/matching/store.py",
        "fill_block",
        "', '.join((_read(name) if name in needed or name in _ONE else 'null' for name in names))",
    ): (", ".join(_read(name) for name in COLUMNS),),
    ("registry/search/matching/store.py", "fill_block", "', '.join(names)"): (", ".join(COLUMNS),),
    ("registry/search/store.py", "count", "compiled.condition"): (_COMPILED.condition,),
    ("registry/search/store.py", "page", "compiled.condition"): (_COMPILED.condition,),
    ("registry/search/store.py", "page", "_order(wanted.sort)"): (
        "r.region_code asc nulls last, r.record_id",
    ),
    ("registry/search/store.py", "page", "compiled.bind(wanted.page_size, 'bigint')"): ("$8",),
    ("registry/search/store.py", "page", "compiled.bind(offset, 'bigint')"): ("$9",),
    (
        "sources/store.py",
        "add",
        "', '.join((f'${number}' for number in range(1, len(names) + 1)))",
    ): ("$1",),
    ("sources/store.py", "add", "', '.join(names)"): ("kind",),
    (
        "subscriptions/store.py",
        "make",
        "', '.join((f'${place}' for place in range(1, len(names) + 1)))",
    ): ("$1",),
    ("subscriptions/store.py", "make", "', '.join(names)"): ("code",),
}
