"""Periods and working days, local holidays included."""
