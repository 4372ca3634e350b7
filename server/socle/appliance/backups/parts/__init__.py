"""The parts of one set: the database, the documents, and the small ones."""
