"""Findings as people see them, and who is lawfully exempt."""
