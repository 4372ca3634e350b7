"""Socle: a clinic in a box, one small server that runs a practice."""
