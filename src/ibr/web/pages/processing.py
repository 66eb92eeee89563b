"""The record of processing, the pack for an impact assessment, and when it was gone through."""

from __future__ import annotations

from litestar import Response

from ibr.access.staff.rights import PRIVACY
from ibr.audit.events import PROCESSING_EXPORTED
from ibr.audit.record import record_event
from ibr.errors import NotUnderstood
from ibr.keeping.processing.gather import gather, must_see, note_review
from ibr.keeping.processing.machine import measures
from ibr.keeping.processing.model import RISKS, Processing
from ibr.keeping.processing.written import as_markdown, lacking
from ibr.web.answers import go_to, headers, page
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    """The record as it is now."""
    return await _whole(visit, {})


async def review(visit: Visit) -> Response[str]:
    """Notes that somebody went through the record as it was shown."""
    try:
        async with visit.services.database.transaction((), asker=visit.asker()) as connection:
            await note_review(
                connection,
                visit.asker(),
                visit.form.get("digest", ""),
                visit.form.get("note", ""),
                visit.at,
            )
    except NotUnderstood:
        words = visit.say("Write in up to 1,000 characters what came of it. Name nobody.")
        return await _whole(visit, {"note": words})
    return go_to(visit, "/privacy/record?done=reviewed")


async def file(visit: Visit) -> Response[bytes]:
    """Both documents as one Markdown file."""
    record = await _record(visit, exported=True)
    return Response(
        as_markdown(record).encode(),
        media_type="text/markdown; charset=utf-8",
        headers=headers(visit)
        | {"Content-Disposition": 'attachment; filename="record-of-processing.md"'},
    )


async def _record(visit: Visit, *, exported: bool = False) -> Processing:
    asker, services = visit.asker(), visit.services
    must_see(asker)
    async with services.database.transaction((), asker=asker) as connection:
        record = await gather(
            connection,
            registry_id=services.settings.registry_id,
            profile=services.settings.profile,
            of_the_machine=measures(services.settings, visit.at),
            at=visit.at,
        )
        if exported:
            await record_event(
                connection,
                kind=PROCESSING_EXPORTED,
                asker=asker,
                details={"digest": record.digest.hex()},
                at=visit.at,
            )
    return record


async def _whole(visit: Visit, problems: dict[str, str]) -> Response[str]:
    record = await _record(visit)
    return page(
        visit,
        "processing.html",
        status=400 if problems else 200,
        record=record,
        risks=RISKS,
        lacking=lacking(record),
        by_code={each.code: each for each in record.measures},
        changes=PRIVACY in visit.asker().scopes,
        problems=problems,
        given=visit.form,
        done=visit.query.get("done", ""),
    )
