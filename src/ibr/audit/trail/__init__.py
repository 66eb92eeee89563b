"""The audit trail as people read it: found by kind, actor and day."""
