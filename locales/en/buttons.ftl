### Words on buttons: verbs, short, the same everywhere.

button-approve = Approve
button-revise = Revise
button-reject = Reject

button-merge = Merge
button-later = Later
button-discard = Discard

button-yes = Yes
button-no = No

button-allow = Allow
button-allow-session = Allow for this session
button-deny = Deny

button-done = Done
