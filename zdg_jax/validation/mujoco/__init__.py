"""Protocols in MuJoCo's C engine: the backend for CPUs."""
