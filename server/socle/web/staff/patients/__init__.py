"""The staff's pages about patients."""
