"""Acts that need two people: proposed by one, carried out when another approves."""
