"""What those who operate an installation ask by machine: whether it is well, and how the work stands in numbers."""
