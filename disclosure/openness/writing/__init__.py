"""Writing an element in a form: its boxes, and what somebody has typed so far."""
