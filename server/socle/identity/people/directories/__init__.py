"""One file per kind of directory."""
