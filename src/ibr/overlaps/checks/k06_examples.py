"""The examples of K06: pairs of programmes, and who may lawfully have both."""

from __future__ import annotations

from typing import Final

from ibr.overlaps.checks.model import Example
from ibr.overlaps.checks.story import Story, Who

MARA = Who(601, "1959-04-02")


def _pension_and_allowance(tolerance: int = 0) -> Story:
    story = Story().programme(1, "OAP").programme(2, "DIS")
    return story.pair(1, 2, tolerance=tolerance, keeps=1, law="Pensions Act, section 14")


def _transfer_and_food() -> Story:
    story = Story().programme(1, "PCT", unit=2).programme(2, "FOOD", unit=2, cycle=3)
    return story.pair(1, 2, unit="household", law="Food Aid Order")


EXAMPLES: Final = (
    Example(
        title="Pension and disability allowance in the same three months",
        tables=_pension_and_allowance(31)
        .enrol(11, 1, MARA, paid="07-03 08-03 09-03", amount=1200_00)
        .enrol(21, 2, MARA, paid="07-04 08-04 09-04", amount=900_00)
        .tables,
        finds=[
            "DIS and OAP exclude each other (Pensions Act, section 14), and both gave "
            "benefits in 2026-07, 2026-08, 2026-09. OAP stays; DIS gave XTS 2,700.00 in "
            "that time.",
        ],
    ),
    Example(
        title="Lawful transition: the allowance ends in the month in which the pension begins",
        tables=_pension_and_allowance(31)
        .enrol(11, 1, MARA, since="2026-08-02", paid="08-03 09-03")
        .enrol(21, 2, MARA, until="2026-08-31", paid="07-04 08-04")
        .tables,
        finds=[],
    ),
    Example(
        title="Arrears: the allowance that ended in July pays for July in August",
        tables=_pension_and_allowance()
        .enrol(11, 1, MARA, since="2026-08-01", paid="08-03 09-03")
        .enrol(21, 2, MARA, until="2026-07-31", paid="08-04")
        .tables,
        finds=[],
    ),
    Example(
        title="A household in both, by different heads; the law does not say which stays",
        tables=_transfer_and_food()
        .enrol(11, 1, Who(701), Who(702), Who(703, "2019-01-05"), paid="07-08", amount=950_00)
        .enrol(21, 2, Who(702), Who(703, "2019-01-05"), paid="07-15", amount=640_00)
        .tables,
        finds=[
            "PCT and FOOD exclude each other (Food Aid Order), and both gave benefits in "
            "2026-07. The rule does not say which of them stays; at stake is XTS 640.00.",
        ],
    ),
    Example(
        title="A basket a quarter: one month in common, and side by side since January",
        tables=Story()
        .programme(1, "PCT", unit=2)
        .programme(2, "FOOD", unit=2, cycle=3)
        .pair(1, 2, unit="household", tolerance=31, keeps=1, law="Food Aid Order")
        .enrol(11, 1, Who(701), Who(702), paid="07-08 08-08", amount=950_00)
        .enrol(21, 2, Who(701), Who(702), paid="07-15", amount=640_00)
        .tables,
        finds=[
            "FOOD and PCT exclude each other (Food Aid Order), and both gave benefits in 2026-07. "
            "PCT stays; FOOD gave XTS 640.00 in that time.",
        ],
    ),
    Example(
        title="Separated parents: two households, and one child in both",
        tables=_transfer_and_food()
        .enrol(11, 1, Who(701), Who(703, "2019-01-05"), Who(704), paid="07-08")
        .enrol(21, 2, Who(705), Who(703, "2019-01-05"), Who(706), paid="07-15")
        .tables,
        finds=[],
    ),
    Example(
        title="Both are allowed up to a sum a month, and stay below it",
        tables=Story()
        .programme(1, "CHG")
        .programme(2, "SCH")
        .pair(1, 2, cap=1000_00)
        .enrol(11, 1, Who(703, "2019-01-05"), paid="07-08", amount=400_00)
        .enrol(21, 2, Who(703, "2019-01-05"), paid="07-25", amount=500_00)
        .tables,
        finds=[],
    ),
)
