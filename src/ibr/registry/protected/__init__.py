"""People whose records need special handling: marked, found again in new records, ended."""
