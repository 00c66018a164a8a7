"""What the first page behind the door shows one person: what waits for them, and what they did."""
