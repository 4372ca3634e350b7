"""The trail, for the maintainer: who did what, never to whom by name."""
