"""What the registry itself does with cases: opens them, ends holds in time, tells others."""
