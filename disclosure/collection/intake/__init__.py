"""Intake: files found in inboxes become submissions, each with a receipt, none lost."""
