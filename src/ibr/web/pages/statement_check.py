"""Is this paper ours, and unchanged? For anybody who holds one, without signing in."""

from __future__ import annotations

import re

from litestar import Response

from ibr.subject.statements.check import check_file, check_paper
from ibr.web.answers import page
from ibr.web.visit import Visit

_LONGEST = 200
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


async def show(visit: Visit) -> Response[str]:
    """The form."""
    return page(visit, "statement_check.html", given={}, asked=False, found=None)


async def check(visit: Visit) -> Response[str]:
    """What is known of a check number with its sums, or of a file by its digest."""
    given = {
        name: visit.form.get(name, "").strip()[:_LONGEST] for name in ("number", "sums", "digest")
    }
    digest = "".join(given["digest"].split()).lower()
    async with visit.services.database.transaction(()) as connection:
        if digest:
            right = _DIGEST.fullmatch(digest) is not None
            found = await check_file(connection, bytes.fromhex(digest)) if right else None
        else:
            found = await check_paper(connection, given["number"], given["sums"])
    return page(visit, "statement_check.html", given=given, asked=True, found=found)
