"""The door: the one address that staff open. What stands behind it is shown to whoever may see it."""
