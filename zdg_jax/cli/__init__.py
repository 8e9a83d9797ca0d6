"""Command line `zdg`."""
