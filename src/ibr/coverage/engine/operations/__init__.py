"""Figures of reports, payments, identity and cases: counted from the registry's own tables."""
