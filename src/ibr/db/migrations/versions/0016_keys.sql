-- Keys with a life: to sign with and to be written to, announced, in use, ended or revoked.

alter table ibr.registry_key drop constraint registry_key_use_check;
alter table ibr.registry_key add constraint registry_key_use_check
    check (use in ('sig', 'enc', 'token'));
alter table ibr.registry_key
    add column algorithm text not null default 'EdDSA'
        check (algorithm in ('EdDSA', 'RSA-OAEP-256', 'ECDH-ES+A256KW')),
    add column made_at timestamptz,
    add column revoked_at timestamptz;
update ibr.registry_key set made_at = not_before;
alter table ibr.registry_key alter column made_at set not null;
call ibr.describe('registry_key', 'The registry''s own keys; the private half is sealed with the keyring.', '{
    "use": "plain: sig for messages, enc for what is written to the registry, token for bearer tokens",
    "algorithm": "plain: the only algorithm the key is used with",
    "made_at": "plain: when it was made, and published unless it is for tokens",
    "not_before": "plain: first moment it signs; others may write to an enc key since it is published",
    "not_after": "plain: last moment it signs, or is published to be written to; its work is honoured for a while after that",
    "revoked_at": "plain: when it was revoked: from then on it is neither used nor published"
}');

alter table ibr.partner
    add column encryption_policy text not null default 'accepted'
        check (encryption_policy in ('off', 'accepted', 'required'));
call ibr.describe('partner', 'Organisations that may speak to the registry.', '{
    "encryption_policy": "plain: whether its messages are encrypted: off, accepted or required"
}');

alter table ibr.partner_key
    add column use text not null default 'sig' check (use in ('sig', 'enc')),
    add column source text not null default 'hand' check (source in ('hand', 'fetched')),
    add column added_at timestamptz not null default now();
call ibr.describe('partner_key', 'Public keys of partners, to verify with and to write to; old ones stay as evidence.', '{
    "kid": "plain: key id, the middle part of kidId",
    "algorithm": "plain: ed25519 or rs256 to verify, RSA-OAEP-256 or ECDH-ES+A256KW to write to; the only algorithm the key may be used with",
    "use": "plain: sig to verify what the partner signs, enc to encrypt what it is sent",
    "source": "plain: hand, added by the registry''s staff, or fetched from the partner''s jwks_url",
    "added_at": "plain: when it was added"
}');

create table ibr.partner_jwks (
    partner_id integer primary key references ibr.partner,
    tried_at timestamptz not null,
    fetched_at timestamptz,
    outcome text not null,
    kept integer not null default 0,
    left_out integer not null default 0
);
call ibr.describe('partner_jwks', 'How fetching a partner''s keys from its jwks_url went.', '{
    "partner_id": "plain: the partner",
    "tried_at": "plain: last try",
    "fetched_at": "plain: last try that succeeded",
    "outcome": "plain: how the last try ended, by a code",
    "kept": "plain: keys of the last list that count",
    "left_out": "plain: keys of the last list that are of no use here or contradict a kept one"
}');

-- The registry fetches keys by itself. What it fetches is marked as such, and whatever its staff
-- added or revoked is out of its reach: neither the column nor the row can be changed by it.
alter table ibr.partner_key enable row level security;
create policy partner_key_read on ibr.partner_key for select using (true);
create policy partner_key_fetch on ibr.partner_key for insert
    with check (source = 'fetched' and revoked_at is null);
create policy partner_key_end on ibr.partner_key for update
    using (source = 'fetched' and revoked_at is null) with check (source = 'fetched');
grant insert (partner_id, kid, public_jwk, algorithm, use, source, not_before, added_at)
    on ibr.partner_key to ibr_app, ibr_worker;
grant update (not_after) on ibr.partner_key to ibr_app, ibr_worker;
grant select, insert, update on ibr.partner_jwks to ibr_app, ibr_worker;
