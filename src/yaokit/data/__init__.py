"""Files in, curated tables out: reading, units, replicates, embedded sets."""
