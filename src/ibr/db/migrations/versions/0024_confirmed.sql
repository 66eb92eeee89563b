-- Links that people confirmed, as the question "enrolled?" needs them: which appearances are one
-- person because people said so, and which numbers lead to them. Kept by the decision's own
-- transaction; nothing that a machine alone believes ever stands here.
--
-- Like the decisions that they are made from, these rows belong to no programme: a person spans
-- several. Whose status may be told stays with the policies of the records that are looked at.

create table ibr.confirmed_person (
    record_id bigint not null,
    appearance_no smallint not null,
    first_record bigint not null,
    first_no smallint not null,
    primary key (record_id, appearance_no)
);
call ibr.describe('confirmed_person', 'Appearances that are one person because people said so, by a chain of decisions in force.', '{
    "record_id": "plain: the record",
    "appearance_no": "plain: the appearance",
    "first_record": "plain: record of the first appearance of the same person, which stands for all of them",
    "first_no": "plain: the first appearance of the same person"
}');
create index confirmed_person_first on ibr.confirmed_person (first_record, first_no);

create table ibr.confirmed_number (
    blind_index bytea not null,
    record_id bigint not null,
    appearance_no smallint not null,
    primary key (blind_index, record_id, appearance_no)
);
call ibr.describe('confirmed_number', 'Identifiers that an appearance of a confirmed person carries as its own, blind.', '{
    "blind_index": "sensitive: HMAC of type and canonical value",
    "record_id": "plain: the record that reports it",
    "appearance_no": "plain: the appearance that carries it"
}');
create index confirmed_number_record on ibr.confirmed_number (record_id, appearance_no);

grant select, insert, update, delete on ibr.confirmed_person to ibr_app, ibr_worker;
grant select, insert, delete on ibr.confirmed_number to ibr_app, ibr_worker;

-- The other records of the same confirmed person in one programme, with their status as it stands.
-- It runs as whoever asks, so a programme out of reach tells nothing. A function with a search path
-- of its own is never unfolded into the statement around it: that opens these tables only where a
-- confirmed number was found, which is rare, and costs the other questions nothing.
create function ibr.confirmed_standings(of_record bigint, of_no smallint, of_programme integer)
returns table (status smallint, role smallint, assistance_unit smallint)
language sql stable rows 2
set search_path = ''
as $$
    select e.status, case when a.member_no = -1 then 0 else 2 end::smallint, r.assistance_unit
    from ibr.confirmed_person mine
    join ibr.confirmed_person other
      on other.first_record = mine.first_record and other.first_no = mine.first_no
    join ibr.appearance a
      on a.record_id = other.record_id and a.appearance_no = other.appearance_no
    join ibr.enrolment e on e.record_id = other.record_id
    join ibr.beneficiary_record r on r.record_id = other.record_id
    where mine.record_id = of_record and mine.appearance_no = of_no
      and (other.record_id, other.appearance_no) <> (of_record, of_no)
      and a.programme_id = of_programme and a.member_no is not null
$$;
revoke all on function ibr.confirmed_standings(bigint, smallint, integer) from public;
grant execute on function ibr.confirmed_standings(bigint, smallint, integer)
    to ibr_app, ibr_worker;
