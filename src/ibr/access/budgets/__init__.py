"""How many different people an asker may ask about, and what looks like more than work."""
