"""The client agents call. It starts in milliseconds: the standard library and nothing else of ours."""
