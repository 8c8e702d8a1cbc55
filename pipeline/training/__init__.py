"""How the weights and thresholds are made. Needs the extra `train`; nothing imports it."""
