"""One problem per file."""
