"""How a try to deliver a message ended, in the reader's language."""

from __future__ import annotations

from typing import Final

from ibr.codelists.code_list import CodeList
from ibr.outbox.outcomes import WORDS, is_refusal, is_token, status_in
from ibr.web.written import Written

OUTCOME: Final = CodeList("outcome", WORDS)


def outcome_words(written: Written, outcome: str | None) -> str:
    """An outcome as a sentence without its full stop; codes of the standard stay as they are."""
    if outcome is None:
        return written.say("Not tried yet")
    status = status_in(outcome)
    if status is not None and 300 <= status < 400:
        said = written.say("Answered with HTTP %(status)s; redirects are not followed")
        return said % {"status": status}
    if status is not None:
        return written.say("Answered with HTTP %(status)s") % {"status": status}
    if is_refusal(outcome):
        return written.say("Refused with %(code)s") % {"code": outcome}
    if is_token(outcome):
        return written.say("The other registry gave no token")
    return written.code(OUTCOME, outcome)
