"""Monthly facts: who received what, from which programme, with everything a question asks by."""
