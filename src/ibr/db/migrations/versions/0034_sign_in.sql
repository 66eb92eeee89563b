-- Signing in: one-time codes, passkeys, and the ministry's own sign-in.

-- A session stands on the password that its officer had when it was opened: another one ends it,
-- whoever sets it and by whatever way. Sessions of before have none, and are opened once more.
alter table ibr.officer_session
    add column session_no bigint generated always as identity,
    add column password_stamp bytea,
    add column how text not null default 'password',
    add column signed_in_at timestamptz,
    add column ended_why text check (ended_why in ('by_officer', 'factors', 'reset'));
call ibr.describe('officer_session', 'Signed-in sessions; only a digest of the cookie is kept.', '{
    "session_no": "plain: number of the session, to name it to its officer",
    "password_stamp": "sensitive: SHA-256 of the password''s hash when it was opened",
    "how": "plain: what the officer proved themselves with",
    "signed_in_at": "plain: when everything that signing in asks for was last proven, here or at the ministry; a password given again in between does not count",
    "ended_why": "plain: why it was ended other than by signing out: by the officer from another session, after a change of factors, or by a reset of them"
}');
create unique index officer_session_no on ibr.officer_session (session_no);

alter table ibr.officer add column break_glass boolean not null default false;
call ibr.describe('officer', 'Officers who use the pages; officer_role says what each may do.', '{
    "break_glass": "plain: whether the account is for emergencies alone; every use of it is an alarm"
}');

create table ibr.officer_totp (
    officer_id integer primary key references ibr.officer,
    secret_sealed bytea not null,
    last_step bigint not null,
    made_at timestamptz not null
);
call ibr.describe('officer_totp', 'Authenticator apps: the shared secret that one-time codes are made of.', '{
    "officer_id": "plain: the officer",
    "secret_sealed": "sensitive: the secret, sealed",
    "last_step": "plain: the newest half minute whose code was accepted; none is accepted twice",
    "made_at": "plain: when it was set up"
}');

create table ibr.officer_recovery_code (
    officer_id integer not null references ibr.officer,
    code_digest bytea not null,
    made_at timestamptz not null,
    used_at timestamptz,
    primary key (officer_id, code_digest)
);
call ibr.describe('officer_recovery_code', 'Codes on paper for when the other factors are lost; each counts once.', '{
    "officer_id": "plain: the officer",
    "code_digest": "sensitive: keyed hash of the code",
    "made_at": "plain: when it was made",
    "used_at": "plain: when it was used"
}');

create table ibr.officer_passkey (
    credential_id bytea primary key check (octet_length(credential_id) between 16 and 1023),
    officer_id integer not null references ibr.officer,
    name text not null check (length(name) between 1 and 60),
    public_key bytea not null,
    sign_count bigint not null,
    made_at timestamptz not null,
    used_at timestamptz
);
call ibr.describe('officer_passkey', 'Passkeys: public keys that officers sign in with.', '{
    "credential_id": "sensitive: what the authenticator calls the key",
    "officer_id": "plain: the officer",
    "name": "personal: what the officer calls it",
    "public_key": "plain: the public key, COSE",
    "sign_count": "plain: how often the authenticator says it was used",
    "made_at": "plain: when it was registered",
    "used_at": "plain: when it was last used"
}');
create index officer_passkey_officer on ibr.officer_passkey (officer_id);

create table ibr.officer_ministry (
    issuer text not null,
    subject text not null check (length(subject) between 1 and 255),
    officer_id integer not null references ibr.officer,
    linked_at timestamptz not null,
    used_at timestamptz not null,
    primary key (issuer, subject)
);
call ibr.describe('officer_ministry', 'Who an officer is at the ministry''s own sign-in.', '{
    "issuer": "plain: the provider",
    "subject": "personal: what the provider calls the person; it never changes there",
    "officer_id": "plain: the officer",
    "linked_at": "plain: when the two were put together",
    "used_at": "plain: when the officer last came that way"
}');
create unique index officer_ministry_officer on ibr.officer_ministry (officer_id, issuer);

create table ibr.sign_in_spent (
    ticket_digest bytea primary key,
    at timestamptz not null
);
call ibr.describe('sign_in_spent', 'Steps of signing in that were taken; none is taken twice.', '{
    "ticket_digest": "plain: SHA-256 of a random ticket",
    "at": "plain: when"
}');
create index sign_in_spent_at on ibr.sign_in_spent (at);

create table ibr.security_notice (
    notice_no bigint generated always as identity primary key,
    officer_id integer not null references ibr.officer,
    kind text not null check (kind in ('break_glass', 'guessing', 'totp_set', 'totp_removed',
        'passkey_added', 'passkey_removed', 'recovery_made', 'recovery_used', 'reset', 'linked',
        'copied_passkey')),
    at timestamptz not null,
    told_at timestamptz
);
call ibr.describe('security_notice', 'What officers are told about the safety of an account.', '{
    "notice_no": "plain: number of the notice",
    "officer_id": "plain: whose account",
    "kind": "plain: what happened",
    "at": "plain: when",
    "told_at": "plain: when it was sent by mail"
}');
create index security_notice_untold on ibr.security_notice (notice_no) where told_at is null;
create index security_notice_officer on ibr.security_notice (officer_id, at desc);

grant select, insert, update, delete on ibr.officer_totp, ibr.officer_recovery_code,
    ibr.officer_passkey to ibr_app;
grant select, insert, update on ibr.officer_ministry to ibr_app;
grant select, insert, delete on ibr.sign_in_spent to ibr_app;
grant select, insert on ibr.security_notice to ibr_app;
grant select on ibr.security_notice to ibr_worker, ibr_auditor;
grant update (told_at) on ibr.security_notice to ibr_worker;
