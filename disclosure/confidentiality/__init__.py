"""Confidentiality: what must not become public."""
