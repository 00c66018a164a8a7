"""The openness catalogue's public pages and data."""
