"""Thin Prefect tasks: a name and a retry policy around the product's own steps, one file a step."""
