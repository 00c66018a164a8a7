"""The commands of the bureau: cycles, files, people, the openness catalogue."""
