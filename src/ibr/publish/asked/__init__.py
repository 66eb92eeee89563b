"""Figures that somebody asks for: what was asked, where it is read from, files and JSON."""
