"""The clinic's work."""
