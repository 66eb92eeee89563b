"""How good linkage is, measured against what is known to be true."""
