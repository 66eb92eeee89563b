"""One file for each check: its rule, its plain version, its explanation."""
