"""Figures quoted in prose: found, read and compared with the tables."""
