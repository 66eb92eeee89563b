"""Corrections and objections: to the programme that reported, and back."""
