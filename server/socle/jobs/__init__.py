"""Work done on a schedule: one file per job."""
