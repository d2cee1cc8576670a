"""Monte Carlo CFR: regrets of sampled histories, in games that are not compiled."""
