"""The schedules, and how to run them."""
