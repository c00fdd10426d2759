"""Git on this machine: worktrees, forgotten changes, merges and their undo. Nothing here moves a user's
checkout, except by fast-forward, and nothing is removed that is not kept somewhere else."""
