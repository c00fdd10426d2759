"""The host touches the world: agents' protocols, git worktrees, the keeper. It holds no decision."""
