-- Denominators: which areas there were when, and how many people lived in them by which source.
-- Small catalogues, entered by the command line; reference tables on a cluster.

alter table ibr.area
    add column other_names text[] not null default '{}',
    add column valid_from date,
    add column valid_to date,
    add constraint area_validity check (valid_from <= valid_to);
call ibr.describe('area', 'Administrative areas with their outlines, simplified and projected at import.', '{
    "other_names": "plain: other spellings under which files name the area",
    "valid_from": "plain: first day of the area, empty where it is as old as the registry knows",
    "valid_to": "plain: last day of the area, empty while there is one; it stays in the list"
}');

create table ibr.area_list (
    list_no integer generated always as identity primary key,
    version text not null,
    level smallint not null check (level between 0 and 9),
    valid_from date,
    file_name text not null,
    file_digest text not null,
    areas integer not null,
    licence text,
    imported_at timestamptz not null,
    imported_by text not null
);
call ibr.describe('area_list', 'Lists of areas that were imported: which version, from which file.', '{
    "list_no": "plain: the registry''s number for the import",
    "version": "plain: what the list is called, as 2019",
    "level": "plain: the level of the areas that the file is about",
    "valid_from": "plain: the day from which the list holds, empty for the first one",
    "file_name": "plain: the name of the file",
    "file_digest": "plain: SHA-256 of the file",
    "areas": "plain: how many areas the list holds at that level",
    "licence": "plain: the terms under which the outlines may be used",
    "imported_at": "plain: when it was imported",
    "imported_by": "plain: who imported it"
}');

create table ibr.area_version (
    code text not null references ibr.area (code),
    list_no integer not null references ibr.area_list (list_no),
    parent text,
    level smallint not null,
    names jsonb not null,
    outline text,
    centre_x real,
    centre_y real,
    primary key (code, list_no)
);
call ibr.describe('area_version', 'Each area as each list told it, so that an old map can be drawn again.', '{
    "code": "plain: the area",
    "list_no": "plain: the list that told it",
    "parent": "plain: the area it lay in",
    "level": "plain: its level",
    "names": "plain: name by language",
    "outline": "plain: SVG path data in the square of the map",
    "centre_x": "plain: where a label stands, in the same square",
    "centre_y": "plain: where a label stands, in the same square"
}');

create table ibr.area_succession (
    code text not null references ibr.area (code),
    successor text not null references ibr.area (code),
    since date not null,
    list_no integer references ibr.area_list (list_no),
    primary key (code, successor),
    check (code <> successor)
);
call ibr.describe('area_succession', 'Which areas took the place of one that ended.', '{
    "code": "plain: the area that ended",
    "successor": "plain: an area that holds part of it or all of it",
    "since": "plain: first day of the successor in its place",
    "list_no": "plain: the list with which it was told"
}');

create table ibr.area_map (
    single boolean primary key default true check (single),
    west double precision not null,
    north double precision not null,
    narrowing double precision not null check (narrowing > 0),
    scale double precision not null check (scale > 0),
    offset_x double precision not null,
    offset_y double precision not null
);
call ibr.describe('area_map', 'How degrees become places in the square, the same for every level.', '{
    "single": "plain: there is one map",
    "west": "plain: degrees of longitude at its left edge",
    "north": "plain: degrees of latitude at its upper edge",
    "narrowing": "plain: the cosine of the middle latitude",
    "scale": "plain: places to a degree of latitude",
    "offset_x": "plain: room at the left, in places",
    "offset_y": "plain: room above, in places"
}');

create table ibr.population_source (
    source_no integer generated always as identity primary key,
    year smallint not null check (year between 1900 and 2200),
    day date not null,
    group_code text not null
        check (group_code in ('all', 'disability', 'poor', 'births', 'unemployed', 'households')),
    source text not null,
    method text not null check (method in ('census', 'projection', 'survey')),
    uncertainty real check (uncertainty between 0 and 100),
    licence text,
    file_name text not null,
    file_digest text not null,
    figures integer not null,
    told jsonb not null default '[]',
    imported_at timestamptz not null,
    imported_by text not null
);
call ibr.describe('population_source', 'Sets of population figures: where from, how made, how sure.', '{
    "source_no": "plain: the registry''s number for the set of figures",
    "year": "plain: the year that the figures are of",
    "day": "plain: the day that the figures are of",
    "group_code": "plain: who is counted: all, disability, poor, births, unemployed or households",
    "source": "plain: who published the figures, and where",
    "method": "plain: census, projection or survey",
    "uncertainty": "plain: half the width of the 95% interval in percent, empty where not known",
    "licence": "plain: the terms under which the figures may be used",
    "file_name": "plain: the name of the file",
    "file_digest": "plain: SHA-256 of the file",
    "figures": "plain: how many figures it holds",
    "told": "plain: what was said of the file at import: what was left out, which sums differ",
    "imported_at": "plain: when it was imported; figures hold from then on in place of older ones",
    "imported_by": "plain: who imported it"
}');
create index population_source_group on ibr.population_source (group_code, year);

create table ibr.population (
    source_no integer not null references ibr.population_source (source_no),
    area_code text not null references ibr.area (code),
    sex smallint not null check (sex between 0 and 3),
    age_from smallint not null,
    age_to smallint not null,
    people bigint not null check (people >= 0),
    primary key (source_no, area_code, sex, age_from, age_to),
    check (age_from between 0 and 150 and age_to >= age_from or age_from = -1 and age_to = -1)
);
call ibr.describe('population', 'How many people or households an area has, by sex and age, by source.', '{
    "source_no": "plain: the set of figures",
    "area_code": "plain: the area",
    "sex": "plain: 0 everybody, 1 men, 2 women, 3 other or not stated",
    "age_from": "plain: youngest completed year of age; -1 where the age is not stated",
    "age_to": "plain: oldest completed year; 999 for and over; -1 where the age is not stated",
    "people": "plain: how many"
}');
create index population_area on ibr.population (area_code, source_no);

grant select on ibr.area_list, ibr.area_version, ibr.area_succession, ibr.area_map,
    ibr.population_source, ibr.population
    to ibr_app, ibr_worker, ibr_analyst, ibr_auditor;
