"""What people do with deliveries: let them go, refuse them, void them, bring them back."""
