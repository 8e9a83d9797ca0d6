"""Protocols in MuJoCo Warp: the backend for NVIDIA GPUs (extra `warp`)."""
