"""Agents' protocols: one driver a file, and the registry of them."""
