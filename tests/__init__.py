"""The tests, by the rooms they protect; what they share is in ``tests.support``."""
