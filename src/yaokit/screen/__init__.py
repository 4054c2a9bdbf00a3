"""Libraries streamed through a model: memory stays flat, a killed run continues."""
