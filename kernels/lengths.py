"""Lengths that make unlike quantities comparable: plain numbers, importable without JAX."""

TORQUE_LENGTH = 0.05
"""Length over which torques count as forces in every wrench, and turns as shifts [m]."""
WRIST_ARM = 0.1
"""Travel of the wrist that counts as one radian of its turn or of a joint [m]."""
