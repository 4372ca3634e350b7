"""Every check of the machine, and what to do about it."""
