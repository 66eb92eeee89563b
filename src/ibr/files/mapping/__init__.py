"""Which column of a file is which attribute of a record, and how its words and dates are read."""
