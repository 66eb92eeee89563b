"""A whole person: the records that make it up, why each is held to be theirs, and parting one."""
