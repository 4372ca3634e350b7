"""Who acts: people, sessions, and the trail of what they did."""
