"""Letters of cases in plain words, in the language that the person reads.

No code of a check, no other person and no other programme is in a letter; what was found is said
as a question that the person can answer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ibr.codelists.code_list import CodeList
from ibr.overlaps.cases.letters import Compose, Letter, LetterFacts
from ibr.web.languages import Language
from ibr.web.written import Written

_OTHERWISE: Final = "other"
# What a letter says of a finding, by its check.
REASON = CodeList(
    "letter_reason",
    {
        "K01": "You seem to be registered twice with us.",
        "K02": "The identity number that you gave us is also used by somebody else. They may be "
        "using your number without your knowledge.",
        "K03": "You may be registered with us under two different identity numbers.",
        "K04": "Your household seems to be registered more than once.",
        "K05": "A child of your household is registered for the same benefit more than once.",
        "K06": "You seem to receive two benefits that the law does not let one person or household "
        "receive together.",
        "K07": "Somebody registered with us has been reported as deceased. Such reports can be "
        "wrong.",
        "K08": "Somebody registered with us has been reported as deceased before the registration. "
        "Such reports can be wrong.",
        "K09": "The date of birth that we hold does not fit the ages that this benefit is for.",
        "K10": "Something that we hold about you does not fit the rules of this benefit.",
        "K13": "The account or telephone number that you are paid through is used by several "
        "beneficiaries.",
        "K14": "You are registered as collecting benefits for several households.",
        "K16": "You seem to have been paid another amount than the benefit provides for.",
        "K17": "Your registration and your payments do not fit together.",
        "K20": "Several of your payments have not reached you.",
        "K21": "Some of what we hold about you cannot be right.",
        _OTHERWISE: "Some of what we hold about you does not fit together.",
    },
)


def composer(language: Language) -> Compose:
    """What writes letters in this language."""
    written = Written(language)

    def compose(facts: LetterFacts) -> Letter:
        titles = {
            "information": written.say("We need your help with a question about your benefit"),
            "decision": written.say("Our decision about your benefit"),
            "appeal": written.say("Our answer to your appeal"),
        }
        programme = written.name(facts.programme, facts.programme_code)
        body = {"information": _question, "decision": _decision, "appeal": _appeal}[facts.kind]
        return Letter(
            language=language.tag,
            title=titles[facts.kind],
            to=facts.name,
            sender=programme,
            reference=str(facts.case.case_id),
            date=written.date(facts.at),
            paragraphs=[
                *body(written, facts, programme),
                written.say(
                    "If anything in this letter is not clear, ask us. We explain it in your "
                    "language, and somebody you trust may come with you."
                ),
            ],
        )

    return compose


def reasons(written: Written, facts: LetterFacts) -> list[str]:
    """What was found, each once, in words for the person."""
    codes = [code if code in REASON.labels else _OTHERWISE for code in facts.case.checks]
    return [written.code(REASON, code) for code in dict.fromkeys(codes)]


def _question(written: Written, facts: LetterFacts, programme: str) -> list[str]:
    say = written.say
    until = facts.case.asked_until or facts.at + timedelta(days=facts.terms.information_days)
    paragraphs = [
        say("{programme} gives you a benefit. We look at this:").format(programme=programme),
        *reasons(written, facts),
        say("This is a question and not a decision. It may well be our own mistake."),
        say(
            "Please tell us by {date} whether this is right, and show us any paper that helps. You "
            "may come to our office, call us or write to us. It costs nothing."
        ).format(date=written.date(until)),
    ]
    if facts.case.on_hold(facts.at) and facts.case.hold_until is not None:
        paragraphs.append(
            say(
                "Until it is cleared up your payment waits, until {date} at the latest. Then it "
                "goes on by itself."
            ).format(date=written.date(facts.case.hold_until))
        )
    else:
        paragraphs.append(say("Your payments go on meanwhile."))
    return paragraphs


def _decision(written: Written, facts: LetterFacts, _programme: str) -> list[str]:
    say = written.say
    whose = {
        "error_claimant": say(
            "What we were told about you was not right. We do not say that "
            "anybody meant to mislead us."
        ),
        "error_official": say("Our office made a mistake. It is not your fault."),
        "error_data": say("The data that we hold were wrong or too old. It is not your fault."),
    }
    return [
        say("We wrote to you about this:"),
        *reasons(written, facts),
        say("We have looked at it and at your answer, and have decided:"),
        whose.get(str(facts.case.outcome), say("We correct what we hold about you.")),
        say(
            "Your benefit will be changed so that it is right. Nothing changes before the time to "
            "appeal is over, and nothing that you have received is asked back without another "
            "letter."
        ),
        say(
            "If you do not agree, you may appeal within {days} days of the day on which you got "
            "this letter. Tell us in any way you like, by word of mouth too. Somebody who had no "
            "part in this decision will look at everything anew. It costs nothing."
        ).format(days=facts.terms.appeal_days),
    ]


def _appeal(written: Written, facts: LetterFacts, _programme: str) -> list[str]:
    say = written.say
    if facts.case.appeal == "upheld":
        return [
            say("You have told us that you do not agree with our decision. You were right."),
            say(
                "The decision is cancelled. Your benefit stays as it was, and what you did not get "
                "because of the decision is paid to you."
            ),
        ]
    return [
        say("You have told us that you do not agree with our decision."),
        say(
            "Somebody who had no part in the decision has looked at everything anew. The decision "
            "stands, and it takes effect now."
        ),
        say("You may still go to the authority or court that the law names. We tell you which."),
    ]
