"""A client for programme systems: report, ask, search, subscribe, receive callbacks."""
