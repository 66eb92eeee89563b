"""The standard's query forms, each translated into the one filter of questions/filters.py."""
