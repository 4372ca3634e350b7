"""What every floor stands on; knows nothing of clinics."""
