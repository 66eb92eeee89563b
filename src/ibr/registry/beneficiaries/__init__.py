"""People and households as each programme reported them."""
