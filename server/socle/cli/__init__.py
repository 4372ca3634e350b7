"""The command-line door: one module of commands per room."""
