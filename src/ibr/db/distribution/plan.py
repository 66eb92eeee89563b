"""Which table lies where on a cluster: one line for every table of the schema.

- *distributed*: its rows are spread over the workers by one column. Tables of the same group are
  spread alike, so that rows with the same value lie on the same worker and can be joined there.
- *reference*: small, and whole on every worker, so that anything can be joined with it.
- *local*: on the coordinator alone.

The big tables carry `record_id`, of the record as one programme reported it, so that finding out
that two records are one person never moves a row. Look-ups by identifier go through tables that are
spread by the blind index. tests/database/test_distribution.py holds the plan against a database.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Kind = Literal["distributed", "reference", "local"]


class Place(msgspec.Struct, frozen=True):
    """Where one table lies, and why there."""

    table: str
    kind: Kind
    why: str
    column: str = ""
    """What its rows are spread by."""
    group: str = ""
    """The first table of those that are spread alike."""


RECORD: Final = "beneficiary_record"
INDEX: Final = "enrolled_index"


def _by_record(why: str, tables: str, column: str = "record_id") -> list[Place]:
    return [Place(table, "distributed", why, column, RECORD) for table in tables.split()]


def _of(kind: Kind, why: str, tables: str) -> list[Place]:
    return [Place(table, kind, why) for table in tables.split()]


_PLACES: Final = (
    *_by_record(
        "of one record; everything of a record lies together",
        "beneficiary_record beneficiary_version group_member identifier enrolment status_change "
        "benefit change stripped_record withdrawn_benefit withdrawn_enrolment withdrawn_status",
    ),
    *_by_record(
        "of one record as linkage reads it",
        "appearance appearance_number person_member person_event",
    ),
    *_by_record("a pair lies with the lower of its records", "link_pair", column="low_record"),
    Place(INDEX, "distributed", 'the answer to "enrolled?": one probe', "blind_index", INDEX),
    Place("confirmed_number", "distributed", "probed with the index", "blind_index", INDEX),
    Place(
        "record_key",
        "distributed",
        "a programme's own number is looked up before the record is known",
        "record_key",
        "record_key",
    ),
    Place("person", "distributed", "as many rows as people", "person_id", "person"),
    Place(
        "question_asked",
        "distributed",
        "grows with every question, and is read by whom it was about",
        "subject_index",
        "question_asked",
    ),
    Place(
        "known_attribute",
        "distributed",
        "what other registries told of one person",
        "subject_index",
        "question_asked",
    ),
    *_of(
        "reference",
        "small, and joined with rows of every worker",
        "programme identifier_type area area_list area_map area_succession area_version",
    ),
    Place("confirmed_person", "reference", "links that people confirmed: few, joined everywhere"),
    *_of(
        "reference",
        "row-level security asks it on every worker",
        "protected_person protected_number protected_record help_visit help_visit_record",
    ),
    *_of(
        "local",
        "deliveries and their files: work of the coordinator, gone after a time",
        "delivery delivery_act delivery_check_terms delivery_found delivery_part delivery_touched "
        "refused_record file_mapping file_outcome file_part file_response_part file_sent "
        "programme_merge",
    ),
    *_of(
        "local",
        "messages: a message is known by its id alone, and is soon forgotten",
        "accepted_request message_received message_reference message_trace outgoing_message "
        "trace_day",
    ),
    *_of(
        "local",
        "queues: taken with `for update skip locked`, which works on one server only",
        "job worker_sign notification feed_cursor subscription",
    ),
    *_of(
        "local",
        "partners, officers and what they may",
        "partner partner_jwks partner_key partner_programme agreement agreement_clause "
        "registry_key officer officer_change officer_link officer_ministry officer_passkey "
        "officer_recovery_code officer_role officer_session officer_totp proposal "
        "security_notice sign_in_failure sign_in_spent asking_alarm budget",
    ),
    *_of(
        "local",
        "kept for a day or two, in partitions by day that are dropped",
        "budget_subject budget_used",
    ),
    *_of(
        "local",
        "one chain in one order: events are sealed one after the other",
        "audit_event audit_key audit_seal audit_sealing ledger_batch",
    ),
    *_of(
        "local",
        "findings and cases: as many as people can look at, unique across the country",
        "finding check_exemption check_run snapshot enrolled_people overlap_case case_letter "
        "case_money case_notice case_step case_terms programme_pair programme_rule",
    ),
    *_of(
        "local",
        "linkage's own work and what people decided: few rows",
        "link_decision link_model link_quality link_run review_known review_known_answer "
        "review_lease review_second review_set_aside",
    ),
    *_of(
        "local",
        "figures and releases: a row for each table, not for each person",
        "figure_restated figure_table indicator_run reference_amount release release_calendar "
        "release_signature release_table research_extract research_extract_part population "
        "population_source benefit_month report_reminder reporting_contact reporting_rule",
    ),
    *_of(
        "local",
        "what other registries are asked and tell: few, in order",
        "source_order source_registry own_question own_subscription own_transaction",
    ),
    *_of(
        "local",
        "retention, holds and erasure: few rows, decided by people",
        "erased_key erasure legal_hold legal_hold_record processing_review retention_disposed "
        "retention_rule retention_run",
    ),
    *_of("local", "what people ask of their own data: few rows", "person_request statement_given"),
)

PLAN: Final[dict[str, Place]] = {place.table: place for place in _PLACES}

# Functions of the schema that read distributed tables: a statement that is run on a worker cannot
# call them, since a worker may not ask the other workers.
READING_FUNCTIONS: Final = frozenset(
    {
        "confirmed_standings",
        "dispose",
        "due_enrolments",
        "held_among",
        "lives_in_reach",
        "record_in_areas",
        "strip_records",
        "take_out_erased",
        "take_out_person",
        "take_out_withdrawn",
        "who_share",
    }
)


def distributed() -> list[Place]:
    """Distributed tables, the first of each group before those that follow it."""
    places = [place for place in _PLACES if place.kind == "distributed"]
    return sorted(places, key=lambda place: place.table != place.group)


def reference() -> list[Place]:
    """Reference tables in the order of the plan."""
    return [place for place in _PLACES if place.kind == "reference"]
