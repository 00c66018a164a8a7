"""Prefect behind the door: its UI and API for people who are signed in, by the table in ``permissions.yaml``."""
