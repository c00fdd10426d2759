### Sessions: started, working, finished, and what to do next.
### Every card keeps one order: state, what, where, what next.

session-started = 🚀 [{ $name }] Started
    .own-topic = [{ $name }] Taken on. It talks in a topic of its own.
    .by = { $agent } in { $project }
    .next = Reply here to talk to it, /stop { $name } to end it.

progress-working = ⚙️ [{ $name }] Working
progress-finished = ⚙️ [{ $name }] Worked
    .with-steps = ⚙️ [{ $name }] Worked · { $steps }
progress-steps = { $count ->
        [one] 1 step
       *[other] { $count } steps
    }
progress-earlier = { $count ->
        [one] … 1 earlier step
       *[other] … { $count } earlier steps
    }

session-completed = ✅ [{ $name }] Completed
    .with-facts = ✅ [{ $name }] Completed · { $facts }
    .no-changes = No files changed.
    .left-branch = The changes are on branch { $branch }.

session-failed = ❌ [{ $name }] Failed: { $reason }
    .kept = Its worktree and branch are kept.
    .next = Reply here to try again.

session-stopped = ⛔ [{ $name }] Stopped
    .rejected = ⛔ [{ $name }] Stopped: plan v{ $version } rejected
    .discarded = ⛔ [{ $name }] Stopped: branch discarded
    .kept = Everything it made is kept.
    .next = Reply here to resume it.

session-suspended = 💤 [{ $name }] Suspended: { $reason }
    .lost = its process is gone, as after a restart of the machine
    .next = Reply here to resume it.

fact-files = { $count ->
        [one] 1 file
       *[other] { $count } files
    }
fact-lines = +{ $added } −{ $deleted }
fact-cost = ${ $amount }

sessions-title = { $count ->
        [one] 1 session
       *[other] { $count } sessions
    }
sessions-empty = There are no sessions. Start one with /new.

status-title = [{ $name }] { $state }
    .task = Task: { $task }
    .activity = Now: { $activity }
status-waiting = { $count ->
        [one] 1 decision waits
       *[other] { $count } decisions wait
    }
status-nothing-waits = No decision waits.

text-attached = The full text is in the attached file.

state-queued = queued
state-starting = starting
state-running = working
state-completed = completed
state-failed = failed
state-killed = stopped
state-suspended = suspended
state-awaiting-plan-decision = waits for your decision on its plan
state-awaiting-user-input = waits for your answer
state-awaiting-worktree-decision = waits for your decision on its branch
