"""Networks: blocks, the one training loop, checkpoints."""
