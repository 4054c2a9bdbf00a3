"""From measured rows to one table of standardized molecules; no row is lost on the way."""
