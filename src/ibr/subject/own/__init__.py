"""A person's own sign-in: to their own data, without an officer."""
