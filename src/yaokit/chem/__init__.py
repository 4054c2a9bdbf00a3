"""Molecules: reading, standardizing, describing, comparing, drawing, editing them."""
