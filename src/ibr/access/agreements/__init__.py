"""Agreements: what a partner may tell, ask and see, by which law, until when."""
