"""What the practice's browsers can do, what breaks in them, and the rules to give them."""
