"""What changed, in order: the feed that subscribers and nightly runs read."""
