"""The pages of people and their accounts, at both doors: a practice's administrator signs in at either."""
