"""Partners' public keys: added by hand, fetched from where partners publish them, revoked."""
