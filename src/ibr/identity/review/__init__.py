"""Possible links, looked at and decided by people."""
