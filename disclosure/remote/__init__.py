"""What lies on other machines: how to reach it, with which secrets, and what to say when it cannot be reached."""
