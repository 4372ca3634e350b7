"""Backups, and the proof that they restore."""
