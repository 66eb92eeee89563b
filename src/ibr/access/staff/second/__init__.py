"""Second factors: one-time codes, passkeys, recovery codes, and the step between the first factor
and a session."""
