"""Figures: what a number is, how it is printed, compared and told in words."""
