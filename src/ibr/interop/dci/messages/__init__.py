"""Every message of the standard as a typed record, one file per family."""
