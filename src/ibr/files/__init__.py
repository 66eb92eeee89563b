"""Files that programmes send: read row by row, mapped, tried, taken in, answered row by row."""
