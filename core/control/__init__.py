"""The rules: what a decision or an event means. Synchronous functions over one transaction, one noun a module."""
