"""How many people live where, by sex, age, year and group, by which source and how sure."""
