"""Measurements of repeated rock, paper, scissors, beside what is published."""
