"""What officers see of cases: lists, one case, whom it is about, what other programmes decide."""
