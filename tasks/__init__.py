"""Thin Prefect tasks: a name and a retry policy around the product's own steps, one file a step.

Task names begin with an English word because the run's timeline in the UI cannot draw Chinese.
"""
