"""The standard's query forms, each turned into one filter."""
