"""What may be shown of a table without naming the few in it, and an attack upon that."""
