"""Public standards the registry speaks; one folder each."""
