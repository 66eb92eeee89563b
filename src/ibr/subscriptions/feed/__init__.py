"""The feed of changes read for subscriptions: in order, up to the oldest open transaction."""
