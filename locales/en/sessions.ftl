### Sessions: started, working, finished, and what to do next.
### Every card keeps one order: state, what, where, what next.

session-started = 🚀 [{ $name }] Started
    .by = { $agent } in { $project }
    .worktree = Branch { $branch }, from { $base }
    .checkout = Works in the checkout itself, without a worktree
    .resumes = Goes on with the conversation it had
    .next = Reply here to talk to it, /stop { $name } to end it.

session-queued = 🕐 [{ $name }] Waits for a free place; { $running ->
        [one] 1 session is running
       *[other] { $running } sessions are running
    }

progress-working = ⚙️ [{ $name }] Working
progress-waiting = ⚙️ [{ $name }] Waiting for your decision
progress-finished = ⚙️ [{ $name }] Turn finished
progress-starting = ⚙️ [{ $name }] Starting
progress-steps = { $count ->
        [one] 1 step
       *[other] { $count } steps
    }
progress-earlier = { $count ->
        [one] … 1 earlier step
       *[other] … { $count } earlier steps
    }
progress-retrying = The model did not answer; next try in { $seconds } s
progress-compacted = The agent shortened its memory of the conversation

session-completed = ✅ [{ $name }] Completed
    .with-facts = ✅ [{ $name }] Completed · { $facts }
    .no-changes = No files changed.
    .left-branch = The changes are on branch { $branch }.
    .next = Reply here to go on with it.

session-failed = ❌ [{ $name }] Failed: { $reason }
    .kept = Its worktree and branch are kept.
    .next = Reply here to try again.

session-stopped = ⛔ [{ $name }] Stopped
    .by = ⛔ [{ $name }] Stopped by { $who }
    .rejected = ⛔ [{ $name }] Stopped: plan v{ $version } rejected
    .discarded = ⛔ [{ $name }] Stopped: branch discarded
    .kept = Everything it made is kept.
    .next = Reply here to resume it.

session-suspended = 💤 [{ $name }] Suspended: { $reason }
    .idle = nothing happened for { $minutes } min
    .lost = its process is gone, as after a restart of the machine
    .next = Reply here to resume it.

session-resumed = ▶️ [{ $name }] Resumed
    .lost-turn = The turn that was running was lost; the agent was told to go on.
    .lost-question = The question it had asked was lost; your answer is sent as a message.
    .lost-plan = The agent no longer waits for plan v{ $version }; your decision is sent as a message.
    .lost-nothing = Nothing was lost.

session-paused-rate-limit = ⏸️ [{ $name }] Paused until { $time }: { $agent } has reached its rate limit. It goes on by itself.
session-reminder-plan = ⏰ [{ $name }] Plan v{ $version } still waits for you
session-reminder-question = ⏰ [{ $name }] A question still waits for you
session-reminder-branch = ⏰ [{ $name }] Branch { $branch } still waits for you

fact-files = { $count ->
        [one] 1 file
       *[other] { $count } files
    }
fact-commits = { $count ->
        [one] 1 commit
       *[other] { $count } commits
    }
fact-lines = +{ $added } −{ $deleted }
fact-cost = ${ $amount }
fact-minutes = { $minutes } min
fact-seconds = { $seconds } s
fact-tokens = { $count } tokens
fact-checks-passed = checks passed
fact-checks-failed = checks failed: { $command }

sessions-title = { $count ->
        [one] 1 session
       *[other] { $count } sessions
    }
sessions-empty = There are no sessions. Start one with /new.
sessions-row = [{ $name }] { $state } · { $project } · { $task }
sessions-more = { $count ->
        [one] 1 more
       *[other] { $count } more
    }

status-title = [{ $name }] { $state }
    .task = Task: { $task }
    .where = { $agent } in { $project }, branch { $branch }
    .activity = Now: { $activity }
    .waits-plan = Waits for your decision on plan v{ $version }
    .waits-question = Waits for your answer
    .waits-permission = Waits for your permission
    .waits-branch = Waits for your decision on branch { $branch }
    .used = Used so far: { $facts }
    .doubtful = Perhaps not delivered: { $what }
status-waiting = { $count ->
        [one] 1 decision waits
       *[other] { $count } decisions wait
    }
status-nothing-waits = No decision waits.

message-delivered = [{ $name }] Passed on.
message-queued = [{ $name }] Passed on; the agent reads it when this step ends.
message-resumes = [{ $name }] Resuming with your message.
message-as-file = [{ $name }] Your text is long, so the agent gets it as the file { $file }.
message-too-long = The text has { $length } characters; { $limit } are possible. Send it as a file instead.
text-attached = The full text is in the attached file.
text-cut = Cut here. The full text has { $length } characters.
text-page = { $number } of { $total }

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
