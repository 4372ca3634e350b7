"""The one history of the database, for PostgreSQL and SQLCipher alike."""
