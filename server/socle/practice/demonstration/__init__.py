"""A believable practice that does not exist, to try Socle on and to measure it with."""
