"""A cycle: its record, its deadlines and its compilation."""
