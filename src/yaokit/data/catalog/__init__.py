"""Data sets by name: embedded in dependencies, or fetched, checked and cached."""
