"""The largest receipts under each sum of money, for the rule on dominance; never shown."""
