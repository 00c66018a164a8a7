"""The disclosure document: every number and sentence settled before anything is printed."""
