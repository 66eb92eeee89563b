"""Administrative areas: their names, where they lie, how they look on a map."""
