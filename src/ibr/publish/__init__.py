"""What leaves the ministry, and in which forms: files, the brief, releases."""
