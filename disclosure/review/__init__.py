"""The human part: who may decide (people, authority), what was asked (asks), what was decided (decisions)."""
