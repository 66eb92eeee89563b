"""Figures as files: CSV, JSON, XLSX, Parquet and SDMX-CSV, all with the same rows and digits."""
