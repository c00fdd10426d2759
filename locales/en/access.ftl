### Who may talk to the bot: pairing, roles, buttons that no longer work.

access-not-paired = This bot works for paired people only. To pair, run leadhand pair on its machine and send /start with the code it prints.
access-not-paired-group = This group is not connected. The owner connects it by sending /allow here.
access-group-allowed = This group is connected. Paired people can lead sessions here.
access-wrong-code = This code is not right. Run leadhand pair for a new one.
access-code-expired = This code has expired. Run leadhand pair for a new one.
access-paired-owner = Paired. You are the owner. Send a task to begin, or /help.

press-already-answer = Already answered by { $who }.
press-already = Already decided by { $who }: { $verb }
