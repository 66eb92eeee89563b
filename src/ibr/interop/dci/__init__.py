"""The DCI Integrated Beneficiary Registry standard, in its own words."""
