"""Requests that were acknowledged, kept until they are answered and afterwards."""
