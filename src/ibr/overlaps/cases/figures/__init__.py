"""How well checks and cases do: what was confirmed, who was hit wrongly, what was truly saved."""
