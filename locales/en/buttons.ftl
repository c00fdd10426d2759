### Words on buttons: verbs, short, the same everywhere.

button-approve = Approve
button-revise = Revise
button-reject = Reject

button-merge = Merge
button-open-pr = Open PR
button-later = Later
button-discard = Discard
button-undo = Undo

button-yes = Yes
button-no = No

button-allow = Allow
button-allow-session = Allow for this session
button-deny = Deny

button-done = Done
button-resume = Resume
button-stop = Stop
button-cancel = Cancel
button-view-output = View output
button-resolve = Resolve
