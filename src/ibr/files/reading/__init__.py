"""Rows of text cells from CSV, XLSX, ODS, Parquet and JSON lines, never a whole file in memory."""
