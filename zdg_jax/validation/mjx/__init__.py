"""Protocols in MJX: the backend for GPU and TPU."""
