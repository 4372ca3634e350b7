"""The maintainer's door: blind to patients by construction."""
