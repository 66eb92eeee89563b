"""The record of processing and the pack for an impact assessment, made from metadata."""
