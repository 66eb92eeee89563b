"""Who is who, run after run: the same answer however it came in, people's word above all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest

from ibr.clock import now
from ibr.db.locks import try_linkage
from ibr.errors import Conflict, NotFound
from ibr.identity.engines.found import Keyed
from ibr.identity.model import Appearance, Pair
from ibr.identity.persons.floor import Floor
from ibr.identity.persons.history import undo_move, undo_run
from ibr.identity.persons.news import News
from tests.linkage_desk import PROGRAMMES, LinkageDesk, ReadsNothing
from tests.linked_country import in_deliveries, linked_country


@pytest.fixture(scope="module")
def one_desk(dsn: str) -> Iterator[LinkageDesk]:
    desk = LinkageDesk(dsn)
    yield desk
    desk.close()


@pytest.fixture
def desk(one_desk: LinkageDesk) -> LinkageDesk:
    one_desk.empty()
    return one_desk


def country() -> list[Keyed]:
    return [(each.appearance, each.features, list(each.keys)) for each in linked_country().entries]


def several(desk: LinkageDesk) -> list[list[Appearance]]:
    """Persons of more than one appearance, the largest first."""
    found = [sorted(each) for each in desk.who_is_who() if len(each) > 1]
    return sorted(found, key=lambda each: (-len(each), each))


def linked_pair(desk: LinkageDesk) -> Pair:
    """Two that make one person of two."""
    return next((each[0], each[1]) for each in several(desk) if len(each) == 2)


def strangers(desk: LinkageDesk) -> Pair:
    """Two that nobody would take for one."""
    near = {each for pair in desk.pairs() for each in pair}
    alone = sorted(
        each for one in desk.who_is_who() if len(one) == 1 for each in one if each not in near
    )
    return alone[0], alone[-1]


def together(desk: LinkageDesk, pair: Pair) -> bool:
    persons = desk.persons()
    return persons[pair[0]] == persons[pair[1]]


def test_the_first_run_finds_everybody_and_who_appears_twice(desk: LinkageDesk) -> None:
    desk.appear(country())
    run = desk.link()
    assert run is not None
    assert (run.kind, run.state) == ("full", "applied")
    assert desk.persons().keys() == {each for each, _, _ in country()}
    assert len(several(desk)) > 10
    assert desk.count("person") == len(desk.who_is_who()) == run.counts["persons"]
    assert desk.count("person_event") == len(desk.persons())


def test_truth_is_found_mostly(desk: LinkageDesk) -> None:
    truth = linked_country().truth
    desk.appear(country())
    desk.link()
    found = {pair for one in desk.who_is_who() for pair in combinations(sorted(one), 2)}
    right = sum(truth[low] == truth[high] for low, high in found)
    assert right / len(found) > 0.9


def test_nothing_new_means_no_run(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    assert desk.link() is None


def test_everybody_weighed_again_changes_nothing(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    before = desk.persons(), desk.pairs()
    run = desk.link("full")
    assert run is not None
    assert run.counts["moved"] == 0
    assert (desk.persons(), desk.pairs()) == before
    assert desk.count("person_event") == len(desk.persons())


@pytest.mark.parametrize("parts", [2, 7])
def test_deliveries_one_after_the_other_are_like_all_at_once(desk: LinkageDesk, parts: int) -> None:
    desk.appear(country())
    desk.link()
    at_once = desk.who_is_who(), desk.pairs()
    desk.empty()
    for part in in_deliveries(linked_country().entries, parts):
        desk.appear((each.appearance, each.features, list(each.keys)) for each in part)
        desk.link()
    assert (desk.who_is_who(), desk.pairs()) == at_once
    runs = [row["kind"] for row in desk.owner("select kind from link_run order by run_no")]
    assert runs == ["full"] + ["changes"] * (parts - 1)


def test_the_order_of_deliveries_changes_nothing(desk: LinkageDesk) -> None:
    parts = in_deliveries(linked_country().entries, 4)
    for part in parts:
        desk.appear((each.appearance, each.features, list(each.keys)) for each in part)
        desk.link()
    forwards = desk.who_is_who(), desk.pairs()
    desk.empty()
    for part in reversed(parts):
        desk.appear((each.appearance, each.features, list(each.keys)) for each in part)
        desk.link()
    assert (desk.who_is_who(), desk.pairs()) == forwards


def test_control_the_comparison_sees_one_link_less(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    before = desk.who_is_who()
    desk.decide(linked_pair(desk), "different")
    desk.link()
    assert desk.who_is_who() != before


def test_who_is_added_changes_no_number(desk: LinkageDesk) -> None:
    first, rest = in_deliveries(linked_country().entries, 2)
    desk.appear((each.appearance, each.features, list(each.keys)) for each in first)
    desk.link()
    before = desk.persons()
    desk.appear((each.appearance, each.features, list(each.keys)) for each in rest)
    desk.link()
    after = desk.persons()
    merged = {
        row[0]: row[1]
        for row in desk.owner("select person_id, merged_into from person where merged_into > 0")
    }
    changed = {(before[each], after[each]) for each in before if before[each] != after[each]}
    assert changed <= set(merged.items())


def test_a_person_parts_two_for_ever(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    pair = linked_pair(desk)
    desk.decide(pair, "different")
    run = desk.link()
    assert run is not None
    assert run.kind == "decisions"
    assert not together(desk, pair)
    desk.link("full")
    assert not together(desk, pair)
    desk.appear(each for each in country() if each[0] == pair[0])
    desk.link()
    assert not together(desk, pair)
    assert desk.pairs()[pair][0] == "decided"


def test_a_person_joins_two_for_ever(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    pair = strangers(desk)
    desk.decide(pair, "same")
    desk.link()
    assert together(desk, pair)
    desk.link("full")
    assert together(desk, pair)
    desk.appear(each for each in country() if each[0] == pair[1])
    desk.link()
    assert together(desk, pair)


def test_what_is_withdrawn_counts_no_more(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    before = desk.persons()
    pair = linked_pair(desk)
    for decision in ("different", "withdrawn"):
        desk.decide(pair, decision)  # type: ignore[arg-type]
        desk.link()
    assert together(desk, pair)
    assert desk.persons() == before


def test_a_second_opinion_that_differs_leaves_the_pair_open(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    pair = linked_pair(desk)
    desk.decide(pair, "different")
    assert desk.pairs()[pair][0] == "decided"
    desk.decide(pair, "same", opinion=2)
    assert desk.pairs()[pair][0] == "open"
    desk.link()
    assert together(desk, pair)


def test_four_eyes_wait_for_the_second(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    pair = linked_pair(desk)
    desk.decide(pair, "different", four_eyes=True)
    desk.link()
    assert together(desk, pair)
    desk.decide(pair, "different", opinion=2)
    desk.link()
    assert not together(desk, pair)


def test_the_newest_word_counts_where_people_contradict_themselves(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    pair = strangers(desk)
    desk.decide(pair, "different")
    desk.decide(pair, "same")
    desk.link()
    assert together(desk, pair)


def test_decisions_are_refused_for_who_is_not_there(desk: LinkageDesk) -> None:
    desk.appear(country()[:4])
    one, two = country()[0][0], country()[1][0]
    assert desk.decide((two, one), "same") > 0
    with pytest.raises(NotFound):
        desk.decide((one, Appearance(4_000_000, 0)), "same")


def test_who_parted_and_came_together_again_keeps_the_numbers(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    pair = strangers(desk)
    before = desk.persons()
    desk.decide(pair, "same")
    desk.link()
    assert desk.persons()[pair[1]] == before[pair[0]]
    merged = desk.owner("select merged_into from person where person_id = $1", before[pair[1]])
    assert merged[0][0] == before[pair[0]]
    desk.decide(pair, "different")
    desk.link()
    assert desk.persons() == before
    ended = desk.owner("select ended_at from person where person_id = $1", before[pair[1]])
    assert ended[0][0] is None


def test_who_goes_belongs_to_nobody_and_returns_as_the_same(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    before = desk.persons()
    for gone in (linked_pair(desk)[0], strangers(desk)[0]):
        desk.go(gone)
        desk.link()
        assert gone not in desk.persons()
        assert all(gone not in pair for pair in desk.pairs())
        desk.appear(each for each in country() if each[0] == gone)
        desk.link()
    assert desk.persons() == before


def test_a_run_is_undone_and_stays_so(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    before = desk.persons()
    desk.decide(strangers(desk), "same")
    desk.decide(linked_pair(desk), "different")
    run = desk.link()
    assert run is not None
    assert desk.persons() != before

    async def undo() -> None:
        async with desk.database.transaction(range(1, PROGRAMMES + 1)) as connection:
            assert await undo_run(connection, run.run_no, now()) == 2

    desk.run(undo())
    desk.link()
    assert desk.persons() == before
    desk.link("full")
    assert desk.persons() == before


def test_one_move_is_undone(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    before = desk.persons()
    pair = strangers(desk)
    desk.decide(pair, "same")
    desk.link()

    async def undo() -> None:
        async with desk.database.transaction(range(1, PROGRAMMES + 1)) as connection:
            await undo_move(connection, pair[1], now())

    desk.run(undo())
    desk.link()
    assert desk.persons() == before


def test_every_move_is_written_down_and_leads_to_what_is(desk: LinkageDesk) -> None:
    parts = in_deliveries(linked_country().entries, 3)
    for part in parts:
        desk.appear((each.appearance, each.features, list(each.keys)) for each in part)
        desk.link()
    desk.decide(strangers(desk), "same")
    desk.link()
    desk.decide(linked_pair(desk), "different")
    desk.link()
    whose: dict[Appearance, int | None] = {}
    for row in desk.owner("select * from person_event order by event_id"):
        each = Appearance(row["record_id"], row["appearance_no"])
        assert whose.get(each) == row["from_person"]
        whose[each] = row["to_person"]
    assert {each: person for each, person in whose.items() if person} == desk.persons()


def test_a_run_below_its_floor_is_proposed_and_moves_nobody(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    before = desk.persons()
    desk.decide(strangers(desk), "same")
    run = desk.link("full", floor=Floor(most_moved=0.0))
    assert run is not None
    assert run.state == "proposed"
    assert "would move" in (run.reason or "")
    assert desk.persons() == before
    assert desk.run(desk.linkage().waiting()).proposed == (run.run_no,)
    applied = desk.run(desk.linkage(floor=Floor(most_moved=0.0)).apply(run.run_no))
    assert (applied.run_no, applied.state) == (run.run_no, "applied")
    assert desk.persons() != before


def test_a_judge_may_keep_a_run_from_being_applied(desk: LinkageDesk) -> None:
    desk.appear(country())
    run = desk.link("full", judge=lambda quality: ["precision is too low"])
    assert run is not None
    assert (run.state, run.reason) == ("proposed", "precision is too low")
    assert desk.persons() == {}
    desk.run(desk.linkage().drop(run.run_no))
    with pytest.raises(NotFound):
        desk.run(desk.linkage().apply(run.run_no))
    assert desk.link("full", judge=lambda quality: []).state == "applied"  # type: ignore[union-attr]


def test_one_run_at_a_time(desk: LinkageDesk) -> None:
    desk.appear(country()[:20])

    async def two_at_once() -> None:
        async with desk.database.session() as other:
            assert await try_linkage(other)
            try:
                with pytest.raises(Conflict):
                    await desk.linkage().run("changes")
            finally:
                await other.execute("select pg_advisory_unlock_all()")

    desk.run(two_at_once())
    assert desk.link() is not None


@pytest.mark.parametrize("phase", ["weigh", "join", "write"])
def test_a_run_that_dies_leaves_everything_as_it_was(desk: LinkageDesk, phase: str) -> None:
    first, rest = in_deliveries(linked_country().entries, 2)
    desk.appear((each.appearance, each.features, list(each.keys)) for each in first)
    desk.link()
    before = desk.persons(), desk.pairs()
    desk.appear((each.appearance, each.features, list(each.keys)) for each in rest)

    def dies(what: str, _done: int) -> None:
        if what == phase:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        desk.link(progress=dies)
    assert (desk.persons(), desk.pairs()) == before
    states = [row[0] for row in desk.owner("select state from link_run order by run_no")]
    assert states == ["applied", "failed"]
    desk.link()
    interrupted = desk.who_is_who(), desk.pairs()
    desk.empty()
    desk.appear(country())
    desk.link()
    assert (desk.who_is_who(), desk.pairs()) == interrupted


def test_a_run_whose_process_died_is_ended_by_the_next(desk: LinkageDesk) -> None:
    desk.appear(country()[:20])
    desk.owner(
        """
        insert into link_run (kind, model_no, state, started_at)
        values ('changes', 1, 'running', now())
        """
    )
    assert desk.link() is not None
    rows = desk.owner("select state, reason from link_run order by run_no")
    assert [tuple(row) for row in rows] == [("failed", "interrupted"), ("applied", None)]


def test_the_cursor_of_the_feed_passes_by_what_says_nothing(desk: LinkageDesk) -> None:
    """Benefits are looked through once, and never make a run."""
    desk.owner(
        "update feed_cursor set transaction_no = '4', change_id = 0 where reader = 'linkage'"
    )
    desk.owner(
        """
        insert into change (record_id, programme_id, kind, happened_at, delivery_id)
        select n, 1, 'benefit_given', now(), 1 from generate_series(1, 50) as n
        """
    )
    desk.appear(country()[:10])
    desk.link()
    reader = ReadsNothing(())
    news = News(desk.database, range(1, PROGRAMMES + 1))
    assert not desk.run(news.waits())
    desk.owner(
        """
        insert into change (record_id, programme_id, kind, happened_at, delivery_id)
        values (77, 1, 'enrolled', now(), 1), (78, 1, 'benefit_given', now(), 1),
               (77, 1, 'details_changed', now(), 1), (79, 2, 'details_changed', now(), 1)
        """
    )
    assert desk.run(news.waits())
    assert desk.run(news.read(reader, now(), everything=False)).records == 2
    assert reader.seen == [77, 79]
    assert not desk.run(news.waits())
