"""Which programmes exclude each other, may go together or belong together."""
