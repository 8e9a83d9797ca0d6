"""Geometric reasoning: measured parts, where a hand fits, from which side, with which type."""
