"""Engines that count: DuckDB and bitmaps for millions, plain Python to hold them against."""
