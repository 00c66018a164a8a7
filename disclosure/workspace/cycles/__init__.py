"""Whole cycles: where they stand and who holds them up, what may be done with them, what later data says otherwise."""
