"""Monitoring: who owes what by when, the board, reminders and supervision."""
