"""What is recorded about one person, by whom, and who asked."""
