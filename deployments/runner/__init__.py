"""The runner: our deployments served from a preloaded process."""
