"""Lists that networks count by. Written for yaokit; a list that was published never changes."""
