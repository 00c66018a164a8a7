"""The commands of an operator: run, watch, publish again, verify."""
