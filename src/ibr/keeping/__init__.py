"""How long what is kept, what is held, who was erased, and the record of processing."""
