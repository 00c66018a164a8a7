"""The catalogue's nouns. Every fact about an office, a date or an indicator is YAML checked by these models."""
