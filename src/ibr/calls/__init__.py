"""Calls out: the one guarded way in which the registry contacts another server."""
