"""Made-up figures of made-up people, counted with a plain Counter; see tests/made_figures.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations, permutations, product

import msgspec
from babel.numbers import get_currency_precision

from ibr.coverage.figures.model import (
    PARTLY_KNOWN,
    Cell,
    breakdown_of,
    count_cell,
    dimensions_of,
    share_cell,
    value_of,
)
from ibr.periods import Month
from tests.made_people import MadeProgramme, Somebody, fits

PS = (
    "", "programme", "function", "benefit_type", "area1", "area2", "sex", "age", "disability",
    "programme*area1", "programme*area2", "programme*sex", "programme*age",
    "programme*disability", "function*area1", "function*sex", "function*age",
    "benefit_type*area1", "area1*sex", "area1*age", "area1*disability", "area2*sex", "sex*age",
    "area1*sex*age", "programme*sex*age",
)  # fmt: skip
OF_MONEY = (
    "currency", "programme*currency", "function*currency", "benefit_type*currency",
    "area1*currency", "programme*area1*currency", "programme*sex*currency",
)  # fmt: skip
OF_AVERAGES = ("currency", *OF_MONEY[1:2], *OF_MONEY[5:])
OF_TARGETS = (
    "programme", "programme*area1", "programme*area2", "programme*sex", "programme*age",
    "programme*sex*age",
)  # fmt: skip
OF_POPULATION = (
    "", "area1", "area2", "sex", "age", "sex*age", "area1*sex", "area1*age", "area1*sex*age",
    "function",
)  # fmt: skip
YEARLY = ("", "programme", "function", "area1", "sex")
SERIES = {"1": None, "2": ("4", "5"), "3": ("4",), "4": ("2",), "5": ("7",), "7": ("1",), "9": None}
Key = tuple[str, ...]
Cells = Iterable[Cell]


class Given(msgspec.Struct, frozen=True):
    """One person in one month: what is written of them, their programmes, who gave them money."""

    person: Somebody
    facts: dict[str, str]
    programmes: tuple[str, ...]


class Made(msgspec.Struct, frozen=True):
    """Everything that figures are counted from."""

    people: list[Somebody]
    months: list[Month]
    programmes: dict[str, MadeProgramme]

    def in_month(self, at: int, kind: str = "direct") -> list[Given]:
        """Everybody with the programmes that they are counted under in a month."""
        month = self.months[at]
        direct = {one.number: one.within(at) for one in self.people}
        if kind == "enrolled":
            own = {one.number: one.enrolled(at) for one in self.people}
        elif kind == "both":
            homes: dict[int, set[str]] = {}
            for one in self.people:
                homes.setdefault(one.household, set()).update(direct[one.number])
            own = {one.number: sorted(homes[one.household]) for one in self.people}
        else:
            own = direct
        return [
            Given(
                one,
                {
                    "area1": one.area1,
                    "area2": one.area2,
                    "sex": one.sex,
                    "age": one.band(month),
                    "disability": one.disability,
                },
                tuple(own[one.number]),
            )
            for one in self.people
        ]

    def leads(self, dimension: str, codes: Iterable[str]) -> list[str]:
        """Under which programmes, functions or types of benefit somebody counts."""
        if dimension == "programme":
            return sorted(codes)
        if dimension == "function":
            return sorted({each for code in codes for each in self.programmes[code].functions})
        return sorted({self.programmes[code].benefit_type for code in codes})


def keys_of(made: Made, breakdown: str, given: Given, codes: Iterable[str]) -> Iterator[Key]:
    """The keys that somebody counts under in a breakdown, each once."""
    parts = [
        made.leads(each, codes)
        if each in ("programme", "function", "benefit_type")
        else [given.facts[each]]
        for each in dimensions_of(breakdown)
    ]
    yield from product(*parts)


def persons(made: Made, breakdown: str, everybody: Sequence[Given]) -> Counter[Key]:
    return Counter(
        key
        for given in everybody
        if given.programmes
        for key in keys_of(made, breakdown, given, given.programmes)
    )


def counts(found: Counter[Key]) -> Cells:
    return [count_cell(key, found[key]) for key in sorted(found)]


def money(made: Made, breakdown: str, direct: Sequence[Given]) -> tuple[Counter[Key], Counter[Key]]:
    """Minor units and distinct people by key, the currency at its place in the key."""
    sums: Counter[Key] = Counter()
    people: Counter[Key] = Counter()
    plain = breakdown_of(*(each for each in dimensions_of(breakdown) if each != "currency"))
    for given in direct:
        seen = set()
        for code in given.programmes:
            programme = made.programmes[code]
            for key in keys_of(made, plain, given, [code]):
                whole = (*key, programme.currency)
                sums[whole] += programme.amount
                seen.add(whole)
        people.update(seen)
    return sums, people


def units_of(minor: int, currency: str) -> str:
    """Minor units as a decimal with the currency's digits."""
    digits = get_currency_precision(currency)
    return format(Decimal(minor).scaleb(-digits), "f")


def shares(numerators: Mapping[Key, int], denominators: Mapping[Key, int]) -> Cells:
    return [
        share_cell(key, numerators.get(key, 0), denominators.get(key))
        for key in sorted(numerators.keys() | denominators.keys())
    ]


def population(breakdown: str, everybody: Sequence[Given]) -> Counter[Key]:
    found = Counter(
        tuple(given.facts[each] for each in dimensions_of(breakdown)) for given in everybody
    )
    # Nobody publishes how many people live where it is not known.
    return Counter({key: count for key, count in found.items() if "" not in key})


def month_tables(made: Made, at: int) -> Iterator[tuple[str, str, Cells]]:
    """Every table of a month: indicator, breakdown, cells."""
    direct = made.in_month(at)
    for code, kind in (("N1", "direct"), ("N2", "both"), ("N3", "enrolled")):
        everybody = direct if kind == "direct" else made.in_month(at, kind)
        for breakdown in PS:
            yield code, breakdown, counts(persons(made, breakdown, everybody))
    yield from _households(made, direct)
    yield from _money(made, direct)
    yield from _coverage(made, made.months[at], direct)
    yield from _sdg(made, direct)
    yield from _overlaps(made, direct)
    if at:
        yield from _flows(made, made.in_month(at - 1), direct)
    yield from _operations(made, at)


def _households(
    made: Made,
    direct: Sequence[Given],
    wanted: Sequence[str] = ("", "programme", "area1", "programme*area1"),
) -> Iterator[tuple[str, str, Cells]]:
    homes: dict[int, set[str]] = {}
    for given in direct:
        homes.setdefault(given.person.household, set()).update(given.programmes)
    heads = [
        Given(each.person, each.facts, tuple(sorted(homes[each.person.household])))
        for each in direct
        if each.person.head
    ]
    for breakdown in wanted:
        yield "N4", breakdown, counts(persons(made, breakdown, heads))
    for breakdown in ("", "area1"):
        yield (
            "C3",
            breakdown,
            shares(persons(made, breakdown, heads), population(breakdown, heads)),
        )


def _money(made: Made, direct: Sequence[Given]) -> Iterator[tuple[str, str, Cells]]:
    for breakdown in OF_MONEY:
        sums, people = money(made, breakdown, direct)
        cells = [Cell(key, sums[key], None, units_of(sums[key], key[-1])) for key in sorted(sums)]
        yield "N5", breakdown, cells
        averages = [
            Cell(key, sums[key], people[key], value_of(sums[key], people[key] * 100, decimals=2))
            for key in sorted(sums)
        ]
        if breakdown in OF_AVERAGES:
            yield "A1", breakdown, averages
        if breakdown == "programme*currency":
            yield "A4", "programme*currency*part", _adequacy(sums, people)


def _adequacy(sums: Mapping[Key, int], people: Mapping[Key, int]) -> Cells:
    references = {"poverty_line": 520_000, "minimum_wage": 1_520_000}
    return [
        Cell((*key, part), sums[key], people[key] * whole, value_of(sums[key], people[key] * whole))
        for key in sorted(sums)
        for part, whole in references.items()
        if key[-1] == "KES"
    ]


def _coverage(
    made: Made, month: Month, direct: Sequence[Given]
) -> Iterator[tuple[str, str, Cells]]:
    for breakdown in OF_TARGETS:
        yield "C1", breakdown, _targets(made, month, direct, breakdown)
    for breakdown in OF_POPULATION:
        found = persons(made, breakdown, direct)
        if breakdown == "function":
            whole = population("", direct)[()]
            yield "C2", breakdown, [share_cell(key, found[key], whole) for key in sorted(found)]
        else:
            yield "C2", breakdown, shares(found, population(breakdown, direct))
    for breakdown in ("programme", "programme*area1"):
        found = persons(made, breakdown, direct)
        caps = {key: made.programmes[key[0]].cap // (1 if len(key) == 1 else 5) for key in found}
        yield "C4", breakdown, shares(found, caps)
    for breakdown in ("", "area1", "area2", "sex*age"):
        found = persons(made, breakdown, direct)
        yield "C5", breakdown, _gaps(found, population(breakdown, direct))
    for breakdown in ("programme", "programme*area1"):
        cells = list(_targets(made, month, direct, breakdown))
        reached = {each.key: each.numerator or 0 for each in cells}
        wholes = {each.key: each.denominator for each in cells if each.denominator}
        yield "C5", breakdown, _gaps(reached, wholes)
    yield from _parity(made, month, direct)


def _targets(made: Made, month: Month, direct: Sequence[Given], breakdown: str) -> Cells:
    reached: Counter[Key] = Counter()
    wholes: Counter[Key] = Counter()
    for code, programme in made.programmes.items():
        for given in direct:
            if fits(given.person, programme, month):
                for key in keys_of(made, breakdown, given, [code]):
                    reached[key] += code in given.programmes
                    wholes[key] += "" not in key
    return shares(reached, {key: count for key, count in wholes.items() if count})


def _gaps(reached: Mapping[Key, int], wholes: Mapping[Key, int]) -> Cells:
    return [
        share_cell(key, max(0, whole - reached.get(key, 0)), whole)
        for key, whole in sorted(wholes.items())
    ]


def _parity(made: Made, month: Month, direct: Sequence[Given]) -> Iterator[tuple[str, str, Cells]]:
    by_sex = {each.key: each for each in _targets(made, month, direct, "programme*sex")}
    by_area: dict[str, list[Decimal]] = {}
    for each in _targets(made, month, direct, "programme*area1"):
        if each.value is not None:
            by_area.setdefault(each.key[0], []).append(Decimal(each.value))
    parity = []
    for code in sorted(made.programmes):
        women, men = by_sex.get((code, "2")), by_sex.get((code, "1"))
        if women and men and women.denominator and men.numerator:
            over = (women.numerator or 0) * (men.denominator or 0)
            value = value_of(over, men.numerator * women.denominator)
            parity.append(Cell((code, "women_men"), None, None, value))
    yield "C6", "programme*part", parity
    spread = [
        Cell((code, part), None, None, format(value, "f"))
        for code, values in sorted(by_area.items())
        for part, value in (("lowest", min(values)), ("highest", max(values)))
    ]
    yield "C7", "programme*part", sorted(spread, key=lambda each: each.key)
    reached = list(shares(persons(made, "area1", direct), population("area1", direct)))
    values = [Decimal(each.value) for each in reached if each.value is not None]
    yield (
        "C7",
        "part",
        [
            Cell(("highest",), None, None, format(max(values), "f")),
            Cell(("lowest",), None, None, format(min(values), "f")),
        ],
    )


def _sdg(made: Made, direct: Sequence[Given]) -> Iterator[tuple[str, str, Cells]]:
    for breakdown in ("series", "series*sex"):
        rest = breakdown_of(*dimensions_of(breakdown)[1:])
        cells = []
        for series, functions in SERIES.items():
            wanted = [
                each
                for each in direct
                if any(
                    made.programmes[code].benefit_type == "1"
                    and (functions is None or set(functions) & set(made.programmes[code].functions))
                    for code in each.programmes
                )
            ]
            found = Counter(tuple(each.facts[d] for d in dimensions_of(rest)) for each in wanted)
            for key, whole in sorted(population(rest, direct).items()):
                share = share_cell((series, *key), found[key], whole, notes=[PARTLY_KNOWN])
                cells.append(share)
        yield "SDG131", breakdown, cells


def _overlaps(made: Made, direct: Sequence[Given]) -> Iterator[tuple[str, str, Cells]]:
    alone: Counter[str] = Counter()
    both: Counter[Key] = Counter()
    sets: Counter[Key] = Counter()
    numbers: dict[str, Counter[Key]] = {"": Counter(), "area1": Counter(), "sex": Counter()}
    for given in direct:
        codes = sorted(given.programmes)
        if not codes:
            continue
        alone.update(codes)
        both.update(combinations(codes, 2))
        sets[("+".join(codes),)] += 1
        how_many = str(len(codes)) if len(codes) < 4 else "4+"
        for rest, found in numbers.items():
            found[(*((given.facts[rest],) if rest else ()), how_many)] += 1
    pairs = list(combinations(sorted(alone), 2))
    yield "O1", "programme*with", [count_cell(pair, both[pair]) for pair in pairs]
    yield (
        "O2",
        "programme*with",
        [
            share_cell(pair, both[tuple(sorted(pair))], alone[pair[0]])
            for pair in sorted(permutations(sorted(alone), 2))
        ],
    )
    joint = [
        share_cell(pair, both[pair], alone[pair[0]] + alone[pair[1]] - both[pair]) for pair in pairs
    ]
    yield "O3", "programme*with", joint
    for rest, found in numbers.items():
        yield "O4", breakdown_of(*filter(None, (rest, "programmes"))), counts(found)
    yield "O5", "combination", counts(sets)
    unlike = ("CASH", "WORK")
    whole = alone["CASH"] + alone["WORK"] - both[unlike]
    yield "O6", "part", [share_cell(("suspected",), both[unlike], whole)]
    yield "O6", "programme*with*part", [share_cell((*unlike, "suspected"), both[unlike], whole)]
    if "MEAL" in made.programmes:
        together = ("CASH", "MEAL")
        yield "O7", "programme*with", [share_cell(together, both[together], alone["CASH"])]


def _flows(
    made: Made, before: Sequence[Given], now: Sequence[Given]
) -> Iterator[tuple[str, str, Cells]]:
    stock: Counter[str] = Counter()
    new: Counter[str] = Counter()
    left: Counter[str] = Counter()
    moved: Counter[Key] = Counter()
    for first, then in zip(before, now, strict=True):
        old, after = set(first.programmes), set(then.programmes)
        # The empty code stands for any programme.
        stock.update([*old, *([""] if old else [])])
        new.update([*(after - old), *([""] if after and not old else [])])
        left.update([*(old - after), *([""] if old and not after else [])])
        for code in old - after:
            moved.update((code, other) for other in (after - old or {"none"}))
    codes = sorted(made.programmes)
    flows = {"left": left, "new": new, "net": new.copy()}
    flows["net"].subtract(left)
    for whole, breakdown in (([""], "part"), (codes, "programme*part")):
        yield (
            "D1",
            breakdown,
            [
                share_cell((*((code,) if code else ()), part), flows[part][code], stock[code])
                for code in whole
                for part in ("left", "net", "new")
            ],
        )
        stayed = [
            share_cell((code,) if code else (), stock[code] - left[code], stock[code])
            for code in whole
        ]
        yield "D2", breakdown.removesuffix("part").removesuffix("*"), stayed
    yield (
        "D4",
        "programme*to",
        [share_cell(key, moved[key], stock[key[0]]) for key in sorted(moved)],
    )


def _operations(made: Made, at: int) -> Iterator[tuple[str, str, Cells]]:
    codes = sorted(made.programmes)
    late = codes[at % len(codes)]
    received = {code: 0 if code == late and at == len(made.months) - 1 else 1 for code in codes}
    on_time = {code: 0 if code == late else 1 for code in codes}
    for code, found in (("R1", received), ("R2", on_time)):
        yield code, "", [share_cell((), sum(found.values()), len(codes))]
        yield code, "programme", [share_cell((each,), found[each], 1) for each in codes]
    days = {each: 3 + (at + place) % 9 for place, each in enumerate(codes)}
    yield "R3", "part", [Cell(("p50",), None, None, "6"), Cell(("p90",), None, None, "11")]
    yield (
        "R3",
        "programme*part",
        [
            Cell((each, part), None, None, str(days[each] * times))
            for each in codes
            for part, times in (("p50", 1), ("p90", 2))
        ],
    )
    yield "R4", "", [share_cell((), 990 + at % 9, 1000)]
    yield (
        "R4",
        "programme",
        [share_cell((each,), 95 + (at + n) % 5, 100) for n, each in enumerate(codes)],
    )
    fields = ("birth_date", "identifier", "region_code", "sex")
    yield "R5", "field", [share_cell((each,), 970 + len(each), 1000) for each in fields]
    yield (
        "R5",
        "programme*field",
        [
            share_cell((code, each), 90 + (n + len(each)) % 10, 100)
            for n, code in enumerate(codes)
            for each in fields
        ],
    )
    yield "R6", "programme", [share_cell((codes[0],), 998, 1000), share_cell((codes[1],), 10, 10)]
    yield from _cases(at)


def _cases(at: int) -> Iterator[tuple[str, str, Cells]]:
    yield "Q1", "part", [share_cell(("present",), 930, 1000), share_cell(("verified",), 610, 1000)]
    yield "Q2", "", [share_cell((), 24 + at % 5, 1000)]
    yield "Q3", "", [share_cell((), 6, 1000)]
    yield "Q4", "part", [share_cell(("matcher",), 41, 50)]
    opened = {"decided": 20 + at, "open": 11, "opened": 25 + at, "past_due": 2}
    yield "K1", "part", [count_cell((part,), count) for part, count in opened.items()]
    outcomes = {"confirmed": 9, "data_corrected": 4, "not_confirmed": 7}
    whole = sum(outcomes.values())
    yield "K2", "part", [share_cell((part,), count, whole) for part, count in outcomes.items()]
    yield "S1", "currency", [Cell(("KES",), 4_500_000, None, units_of(4_500_000, "KES"))]


def year_tables(made: Made, year: int) -> Iterator[tuple[str, str, Cells]]:
    """The tables of a whole year: distinct people over its months, sums of its money."""
    places = [at for at, month in enumerate(made.months) if month.year == year]
    last = made.in_month(places[-1])
    own: dict[int, set[str]] = {}
    for at in places:
        for one in made.people:
            own.setdefault(one.number, set()).update(one.within(at))
    whole = [
        Given(each.person, each.facts, tuple(sorted(own[each.person.number]))) for each in last
    ]
    for breakdown in YEARLY:
        yield "N1", breakdown, counts(persons(made, breakdown, whole))
        sums: Counter[Key] = Counter()
        for at in places:
            month = made.in_month(at)
            with_money = breakdown_of(*dimensions_of(breakdown), "currency")
            sums.update(money(made, with_money, month)[0])
        cells = [Cell(key, sums[key], None, units_of(sums[key], key[-1])) for key in sorted(sums)]
        yield "N5", breakdown_of(*dimensions_of(breakdown), "currency"), cells
    for code, breakdown, households in _households(made, whole, YEARLY):
        if code == "N4":
            yield code, breakdown, households
    for breakdown in ("", "area1", "sex"):
        yield (
            "C2",
            breakdown,
            shares(persons(made, breakdown, whole), population(breakdown, whole)),
        )
    yield from _sdg(made, whole)
