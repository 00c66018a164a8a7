"""Proof: signed manifests, keys and their verification by anybody."""
