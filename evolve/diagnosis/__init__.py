"""Looks at programs beyond their scores: whether they cheat, and what their behaviour rests on."""
