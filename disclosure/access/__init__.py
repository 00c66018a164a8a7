"""Who comes in, how long they stay, which unpublished figures they may see, and what they looked at."""
