"""The maintainer's home: is all well, and if not, what to do."""
