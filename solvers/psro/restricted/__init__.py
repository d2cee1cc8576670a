"""The restricted game of PSRO: payoff tensors, their factors, and contractions with mixtures."""
