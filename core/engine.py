"""Opens everything."""


class Engine:
    """Composition root."""
