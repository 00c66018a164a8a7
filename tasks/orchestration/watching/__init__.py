"""Watching while anything of ours runs: the hour of a publication, runs that are gone, storage that fails."""
