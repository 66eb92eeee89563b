"""A file on its way in: looked at, tried without effect, taken in, answered row by row."""
