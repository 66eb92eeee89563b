"""Numbers drawn as SVG. Each picture stands in a figure beside a table of the same numbers."""
