"""The registry measured beside the ordinary stack, in one run on one machine."""
