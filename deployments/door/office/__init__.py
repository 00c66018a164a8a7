"""What offices and those who look after them do in a browser: items, requests, cycles, people."""
