"""Indicators as data: what each one means, how it is worked out, and an example that is a test."""
