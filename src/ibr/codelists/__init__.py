"""Classifications as data, numbered as the DCI standard numbers them (digest section 6)."""
