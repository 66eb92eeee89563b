"""The made-up country: areas, people, programmes and what they report, all from one seed."""
