"""Signed-in sessions, and why one must sign in."""
