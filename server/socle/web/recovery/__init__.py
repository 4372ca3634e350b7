"""The page of a bare machine: two sheets of the recovery kit, the set they open, and the practice is back."""
