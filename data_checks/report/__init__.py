"""The quality report finance reads: its model, pages and sheets."""
