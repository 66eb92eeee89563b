"""What records say of people and payments: filled fields, numbers, duplicates, what was due."""
