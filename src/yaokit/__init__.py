"""yaokit (药): from measurements to ranked, explained candidate molecules."""

__version__ = "0.1.0"
