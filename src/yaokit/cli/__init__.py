"""The command line: parse, call, print."""

from yaokit.cli.app import main

__all__ = ["main"]
