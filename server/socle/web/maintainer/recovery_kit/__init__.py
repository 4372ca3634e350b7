"""The pages of the recovery kit: making it, proving it, and what stands."""
