"""Words and how they look: Fluent texts, Markdown, pages, cleaning and redaction. Imports nothing of core."""
