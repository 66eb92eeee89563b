"""Amounts that benefits are held against: poverty line, minimum wage, food basket, pension."""
