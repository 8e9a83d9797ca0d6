"""Triangles and the files they come in: the ground that hands, objects and pictures share."""
