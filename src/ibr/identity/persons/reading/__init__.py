"""Records read into appearances: opened, standardised, numbered, sealed again."""
