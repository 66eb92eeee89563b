"""What would be otherwise: programmes closed or opened, limits changed, over those recorded."""
