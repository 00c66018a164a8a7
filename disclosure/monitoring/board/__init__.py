"""Where every cycle stands, whom it waits for and what is due next: gathered from our records, shown twice."""
