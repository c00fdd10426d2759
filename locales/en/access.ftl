### Who may talk to the bot: pairing, roles, buttons that no longer work.

access-not-paired = This bot works for paired people only. To pair, run leadhand pair on its machine and send /start with the code it prints.
access-not-paired-group = This group is not connected. The owner connects it by sending /allow here.
access-group-allowed = This group is connected. Paired people can lead sessions here.
access-wrong-code = This code is not right. Run leadhand pair for a new one.
access-too-many-tries = Too many wrong codes. Pairing is closed for { $minutes ->
        [one] 1 minute
       *[other] { $minutes } minutes
    }.
access-code-expired = This code has expired. Run leadhand pair for a new one.
access-paired-owner = Paired. You are the owner.
    .next = Send a task to begin, or /help.
access-paired-role = Paired. Your role here is { $role }.
access-already-paired = You are paired already.
access-not-allowed = You may not do that here. Your role is { $role }.
access-not-yours = This button belongs to somebody else.
access-private-only = This works in a private chat with the bot only.

press-stale = This button is out of date. The newest card has the buttons that work.
press-unknown = This button is not known. /status shows what waits.
press-already-answer = Already answered by { $who }.
press-already = Already decided by { $who }: { $verb }
press-working = Working on it…
