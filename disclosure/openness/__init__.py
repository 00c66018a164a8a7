"""The 50 openness items at work: their guides and the 20-working-day clock of each element."""
