"""Which schemes exist, who runs them, what they give."""
