"""The maintainer's page of backups."""
