"""Supervision: do the statutory plan, our records, Prefect and the live pages agree? No Prefect is imported here."""
