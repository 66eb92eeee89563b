"""How much each agreement counts: levels, the trained model, its explanation."""
