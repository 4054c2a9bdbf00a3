"""Nouns and tools every layer stands on; nothing here knows chemistry."""
