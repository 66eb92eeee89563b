"""One applicant against everyone, while the officer types."""
