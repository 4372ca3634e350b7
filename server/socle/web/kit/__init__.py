"""What every web door shares."""
