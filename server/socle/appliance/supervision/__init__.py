"""What is wrong, why it matters, what to do."""
