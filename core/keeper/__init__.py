"""The keeper owns every agent's PTY, pipes and logs: an agent outlives the bot, a crash and an upgrade.

Two small processes share the work: the vault spawns and reaps, the pump moves bytes and serves the socket.
They import the standard library and ptyprocess, nothing else of Leadhand.
"""
