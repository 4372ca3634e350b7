"""What workstations ask: their agents, and the browsers these open. Bound into the staff's door, under /station/."""
