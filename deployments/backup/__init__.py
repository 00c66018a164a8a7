"""Backup and restore of a whole installation: records, files, keys and Prefect's database, from one moment."""
