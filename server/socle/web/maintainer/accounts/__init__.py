"""Accounts, for the practice's maintainer and administrator."""
