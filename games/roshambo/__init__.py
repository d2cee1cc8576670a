"""Repeated rock, paper, scissors (RoShamBo) and the bots that OpenSpiel has for it."""
