"""What Prefect schedules. A flow reads like the process."""
