### Plans: the card, what an approval grants, feedback.

plan-title = 📋 [{ $name }] Plan v{ $version }
    .page = 📋 [{ $name }] Plan v{ $version }, part { $number } of { $total }
    .attached = The whole plan is in the attached file.
    .missing-text = The agent submitted an empty plan.

plan-grants-edits = Approving lets the agent read and edit files in its worktree; commands still ask.
plan-grants-bypass = Approving lets the agent work without asking, commands included.

plan-approved = 👍 [{ $name }] Plan v{ $version } approved

plan-closed-approve = Approved by { $who }
plan-closed-revise = Sent back by { $who }
plan-closed-reject = Rejected by { $who }
plan-closed-superseded = No longer waits: the session went on or ended without a decision.

plan-feedback-ask = ✏️ [{ $name }] What should change? Your next message here is the feedback on plan v{ $version }.
    .placeholder = What should change?
    .closed = ✏️ [{ $name }] Feedback on plan v{ $version } sent. The next plan is v{ $next }.
    .superseded = ✏️ [{ $name }] Feedback on plan v{ $version } is not needed any more.

plan-early = ⚠️ [{ $name }] Files changed before a plan was approved. Look at the changes before you merge.
