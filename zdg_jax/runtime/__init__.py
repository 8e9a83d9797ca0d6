"""Plumbing: devices, threads, caches, files and settings."""
