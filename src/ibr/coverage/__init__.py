"""Who is reached and who is not: denominators now, what is measured by them later."""
