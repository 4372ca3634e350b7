"""Accounts, roles and the directory they come from."""
