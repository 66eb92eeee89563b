"""Writes the generated pages of the documentation from the code: `python -m docs_tools`."""
