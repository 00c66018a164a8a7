"""What keeps foreign code out: what a run may execute, and whether Prefect still has what was registered."""
