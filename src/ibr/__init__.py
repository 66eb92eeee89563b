"""The Integrated Beneficiary Registry: who receives which social benefit from which programme."""

__version__ = "0.1.0"
