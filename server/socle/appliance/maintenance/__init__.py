"""Keeping the machine in order: certificates, and later updates and remote access."""
