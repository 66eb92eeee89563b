"""From features to weighed pairs to clusters: Splink on DuckDB, and plain Python."""
