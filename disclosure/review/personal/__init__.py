"""Data of persons that were refused: kept, and accepted by name with a reason, or not."""
