"""The recovery kit: three printed sheets, two of which bring the practice back."""
