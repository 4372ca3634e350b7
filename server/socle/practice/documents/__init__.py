"""Documents and how they are stored."""
