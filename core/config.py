"""Reads the configuration: the only reader of environment and TOML."""
