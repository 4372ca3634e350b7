"""Rules for the browsers of the workstations, made for this very server: a page cannot set them, a file can."""
