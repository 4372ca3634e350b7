"""Keeping the machine alive."""
