"""The face of Leadhand: the command line, Telegram, the sandbox."""
