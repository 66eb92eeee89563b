"""What partners tell the registry; one file per kind of news."""
