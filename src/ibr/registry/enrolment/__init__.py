"""Who is in which programme, since when, in what status."""
