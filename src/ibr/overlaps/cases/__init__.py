"""What becomes of findings: looked into, decided by people, followed to the end."""
