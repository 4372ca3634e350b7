"""Everybody's sessions, for the maintainer."""
