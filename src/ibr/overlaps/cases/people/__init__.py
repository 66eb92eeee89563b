"""Whom a case is about; every look at them is written down."""
