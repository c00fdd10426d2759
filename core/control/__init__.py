"""The rules: what a decision or an event means. Functions over one transaction, one noun a module."""
