"""What proves a figure, a finding or a case, gathered for an auditor."""
