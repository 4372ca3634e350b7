"""What the practice's browsers can do, and what breaks in them."""
