"""Geometry in NumPy that hands, objects and pictures share."""
