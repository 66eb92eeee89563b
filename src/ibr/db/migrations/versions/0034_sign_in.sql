-- Signing in: one-time codes, passkeys, and the ministry's own sign-in.

select 1;
