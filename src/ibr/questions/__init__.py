"""What may be asked of the registry; one file per question."""
