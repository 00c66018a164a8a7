"""Figures published before: read from long tables and bulletins, taken over under their own names."""
