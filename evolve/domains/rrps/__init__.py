"""The domain of repeated rock, paper, scissors against OpenSpiel's bots."""
