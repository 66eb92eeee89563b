"""What each partner has sent, what was refused, who is late."""
