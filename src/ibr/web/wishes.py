"""What is at fault with a wish to correct something, said at its form."""

from __future__ import annotations

from ibr.web.visit import Visit


def problem_of(visit: Visit, code: str) -> str:
    """The sentence for the code of an error."""
    say = visit.say
    return {
        "person_request.about": say("Choose what it is about."),
        "person_request.same": say("This is what stands there already."),
        "person_request.open": say("The programme was asked the same already, and has to answer."),
    }.get(
        code,
        say(
            "Write in up to 120 characters what is right; a date as 1950-01-31, a sex as female, "
            "male or other."
        ),
    )
