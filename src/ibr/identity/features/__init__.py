"""What is compared of a person: standardised names, dates, places, blind numbers."""
