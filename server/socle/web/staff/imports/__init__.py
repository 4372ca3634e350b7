"""The pages of imports: file, columns, rehearsal, import."""
