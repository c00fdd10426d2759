### Questions and permissions.

question-title = ❓ [{ $name }] Question
    .part = ❓ [{ $name }] Question { $number } of { $total }
    .missing-text = The agent asked without saying what.
    .hint = Reply to this message to answer in your own words.
    .hint-many = Press everything that fits, then Done. Or reply to answer in your own words.
    .hint-buttons-only = Press one of the options.

question-closed-answer = Answered: { $answer }
question-closed-superseded = The agent no longer waits for this answer.

permission-title = ❓ [{ $name }] Permission needed
    .tool = Tool: { $tool }
    .outside = This reaches outside the worktree.
    .inside = This stays inside the worktree.

permission-closed-allow = Allowed by { $who }
permission-closed-session = Allowed for this session by { $who }
permission-closed-deny = Denied by { $who }
permission-closed-superseded = The agent no longer waits for this.
