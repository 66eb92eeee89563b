-- What the registry holds: people and groups as one programme reported them, and enrolments.
--
-- record_id is the key that a cluster distributes by: in every primary key and every join. It is
-- of the record as the programme reported it, so finding out that two records are one person
-- never moves a row. No foreign keys, no triggers: integrity is the merge's work and a check's.

create sequence ibr.record_id increment by 1000;

create table ibr.record_key (
    record_key bytea primary key,
    record_id bigint not null
);
call ibr.describe('record_key', 'From a programme''s own number for a beneficiary to its record.', '{
    "record_key": "plain: blind index of programme, identifier type and value",
    "record_id": "plain: the record"
}');

create table ibr.beneficiary_record (
    record_id bigint not null,
    programme_id integer not null,
    assistance_unit smallint not null,
    sex smallint not null default 0,
    birth_date date,
    birth_precision smallint not null default 0,
    death_date date,
    region_code text,
    sub_region_code text,
    is_disabled boolean,
    group_size integer,
    subject_index bytea not null,
    personal bytea not null,
    content_digest bytea not null,
    as_of timestamptz not null,
    known_at timestamptz not null,
    delivery_id bigint not null,
    primary key (record_id)
);
call ibr.describe('beneficiary_record', 'A person or group as one programme reports it now.', '{
    "record_id": "plain: the registry''s number for the record",
    "programme_id": "plain: the programme that reports it",
    "assistance_unit": "plain: 1 person, 2 household, 3 family",
    "sex": "personal: 1 male, 2 female, 3 other, 0 unknown; of the person or the head",
    "birth_date": "personal: date of birth; the first possible day where only year or month is known",
    "birth_precision": "plain: 0 unknown, 1 year, 2 month, 3 day",
    "death_date": "personal: date of death as reported",
    "region_code": "personal: region of the address",
    "sub_region_code": "personal: district of the address",
    "is_disabled": "sensitive: whether reported as living with a disability",
    "group_size": "personal: members of the household or family",
    "subject_index": "sensitive: blind index that questions about this record are kept under",
    "personal": "sensitive: names, identifiers, contacts and all else, sealed",
    "content_digest": "plain: digest of the last report, to know an unchanged one at once",
    "as_of": "plain: the sender''s clock of the newest report (valid time)",
    "known_at": "plain: when the registry learned the present content (known time)",
    "delivery_id": "plain: the delivery that brought it"
}');
create index beneficiary_record_programme on ibr.beneficiary_record (programme_id, record_id);
create index beneficiary_record_area
    on ibr.beneficiary_record (region_code, programme_id, record_id);

create table ibr.beneficiary_version (
    record_id bigint not null,
    as_of timestamptz not null,
    known_at timestamptz not null,
    programme_id integer not null,
    personal bytea not null,
    delivery_id bigint not null,
    primary key (record_id, as_of, known_at)
);
call ibr.describe('beneficiary_version', 'What a record said before: every earlier version.', '{
    "record_id": "plain: the record",
    "as_of": "plain: from when it was so, by the sender''s clock (valid time)",
    "known_at": "plain: when the registry learned it (known time)",
    "programme_id": "plain: the programme that reported it",
    "personal": "sensitive: the whole content of that version, sealed",
    "delivery_id": "plain: the delivery that brought it"
}');

create table ibr.group_member (
    record_id bigint not null,
    member_no smallint not null,
    programme_id integer not null,
    sex smallint not null default 0,
    birth_date date,
    birth_precision smallint not null default 0,
    is_head boolean not null default false,
    relationship text,
    is_disabled boolean,
    subject_index bytea,
    primary key (record_id, member_no)
);
call ibr.describe('group_member', 'Members of a household or family as now reported; names are sealed in the record.', '{
    "record_id": "plain: the group''s record",
    "member_no": "plain: order in the report",
    "programme_id": "plain: the programme that reports it",
    "sex": "personal: as in beneficiary_record",
    "birth_date": "personal: as in beneficiary_record",
    "birth_precision": "plain: as in beneficiary_record",
    "is_head": "plain: head of the group or recipient",
    "relationship": "personal: relationship to the head, CD.COM.07",
    "is_disabled": "sensitive: whether reported as living with a disability",
    "subject_index": "sensitive: blind index of the member''s first identifier"
}');

create table ibr.identifier (
    record_id bigint not null,
    blind_index bytea not null,
    role smallint not null,
    programme_id integer not null,
    type_id smallint not null,
    value_sealed bytea not null,
    as_of timestamptz not null,
    replaced_at timestamptz,
    primary key (record_id, blind_index, role)
);
call ibr.describe('identifier', 'Identifiers of a record, sealed; replaced ones stay as history.', '{
    "record_id": "plain: the record",
    "blind_index": "sensitive: HMAC of type and canonical value",
    "role": "plain: 0 the person or head, 1 the group, 2 another member",
    "programme_id": "plain: the programme that reports it",
    "type_id": "plain: kind of identifier",
    "value_sealed": "sensitive: the value, sealed",
    "as_of": "plain: the sender''s clock of the newest report that carries it",
    "replaced_at": "plain: the sender''s clock of the report that put another in its place"
}');

-- The answer to "enrolled?": one probe under one key. Kept by the merge beside the enrolment and
-- by identity/ when records turn out to be one person.
create table ibr.enrolled_index (
    blind_index bytea not null,
    programme_id integer not null,
    record_id bigint not null,
    role smallint not null,
    assistance_unit smallint not null,
    status smallint not null,
    status_at timestamptz not null,
    status_rank smallint not null,
    primary key (blind_index, programme_id, record_id, role)
        include (status, assistance_unit)
);
call ibr.describe('enrolled_index', 'From an identifier to the records that carry it and their status.', '{
    "blind_index": "sensitive: HMAC of type and canonical value",
    "programme_id": "plain: programme",
    "record_id": "plain: record that carries the identifier",
    "role": "plain: 0 the person or head, 1 the group, 2 another member",
    "assistance_unit": "plain: 1 person, 2 household, 3 family",
    "status": "plain: status of the enrolment now",
    "status_at": "plain: since when",
    "status_rank": "plain: decides between two changes of the same moment"
}');

create table ibr.enrolment (
    record_id bigint not null,
    programme_id integer not null,
    enrolled_at timestamptz,
    status smallint not null,
    status_at timestamptz not null,
    status_rank smallint not null,
    benefit_count integer not null default 0,
    benefit_total bigint not null default 0,
    first_benefit_at timestamptz,
    last_benefit_at timestamptz,
    as_of timestamptz not null,
    known_at timestamptz not null,
    delivery_id bigint not null,
    primary key (record_id)
);
call ibr.describe('enrolment', 'One record in one programme: since when, in which status, what it received in all.', '{
    "record_id": "plain: the record",
    "programme_id": "plain: the programme",
    "enrolled_at": "plain: date of enrolment",
    "status": "plain: code of CD.IBR enrolment_status",
    "status_at": "plain: since when it has this status",
    "status_rank": "plain: decides between two changes of the same moment",
    "benefit_count": "plain: benefits received so far",
    "benefit_total": "plain: their value in minor units of the programme''s currency",
    "first_benefit_at": "plain: date of the first",
    "last_benefit_at": "plain: date of the last",
    "as_of": "plain: the sender''s clock of the newest report",
    "known_at": "plain: when the registry learned the present state",
    "delivery_id": "plain: the delivery that brought it"
}');
create index enrolment_programme on ibr.enrolment (programme_id, status);

create table ibr.status_change (
    record_id bigint not null,
    changed_at timestamptz not null,
    status smallint not null,
    programme_id integer not null,
    known_at timestamptz not null,
    delivery_id bigint not null,
    primary key (record_id, changed_at, status)
);
call ibr.describe('status_change', 'Every status an enrolment has had; 0 where only the date is known.', '{
    "record_id": "plain: the record",
    "changed_at": "plain: when the status changed (valid time)",
    "status": "plain: code of CD.IBR enrolment_status, 0 unknown",
    "programme_id": "plain: the programme",
    "known_at": "plain: when the registry learned it (known time)",
    "delivery_id": "plain: the delivery that brought it"
}');

grant usage on sequence ibr.record_id to ibr_app, ibr_worker;
grant select, insert on ibr.record_key to ibr_app, ibr_worker;
grant select, insert, update on
    ibr.beneficiary_record, ibr.identifier, ibr.enrolled_index, ibr.enrolment
    to ibr_app, ibr_worker;
grant delete on ibr.enrolled_index, ibr.group_member to ibr_app, ibr_worker;
grant select, insert on ibr.beneficiary_version, ibr.status_change, ibr.group_member
    to ibr_app, ibr_worker;
call ibr.guard_by_programme('beneficiary_record');
call ibr.guard_by_programme('beneficiary_version');
call ibr.guard_by_programme('group_member');
call ibr.guard_by_programme('identifier');
call ibr.guard_by_programme('enrolled_index');
call ibr.guard_by_programme('enrolment');
call ibr.guard_by_programme('status_change');
