-- When the date of enrolment was said: without it an older report that comes late could not be told
-- from a newer one wherever the newest report of all names no date.

alter table ibr.enrolment add column enrolled_said_at timestamptz;
comment on column ibr.enrolment.enrolled_said_at is
    'plain: the sender''s clock of the newest report that names the date of enrolment';
