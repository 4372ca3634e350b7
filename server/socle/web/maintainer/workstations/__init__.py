"""Workstations: naming one, the code its agent enrols with, withdrawing it; whose card opens whose session."""
