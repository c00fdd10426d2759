"""The hands: agents' processes, git worktrees and the journal. Carries orders out, decides nothing."""
