"""Bringing in what the practice already has."""
