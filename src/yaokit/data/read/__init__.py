"""Rows of any file, however damaged, as text by column name."""
