"""Officers as administrators see and change them: invited, given roles, suspended, looked at."""
