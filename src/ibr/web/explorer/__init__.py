"""The coverage explorer: what is asked stands in the address, what is shown is frozen."""
