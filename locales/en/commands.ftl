### Descriptions of commands (the list Telegram shows), the welcome and the help.

command-start = Pair this chat or say hello
command-help = What you can do here
command-new = Start a session: /new project task
command-sessions = List the sessions
command-status = Show one session, or all decisions that wait
command-stop = Stop a session; its work is kept
command-approve = Approve the plan that waits
command-revise = Send the plan back with feedback
command-reject = Reject the plan and stop
command-answer = Answer the question that waits
command-allow = Allow what the agent asks for
command-deny = Deny what the agent asks for
command-merge = Merge the branch into its base
command-later = Decide about the branch later
command-discard = Discard the branch; a backup is kept
command-yes = Confirm what was asked
command-no = Decline what was asked
command-lang = Choose the language

welcome = Leadhand is ready. Send a task and an agent works on it in its own worktree; you get its plan, its questions and its branch to decide on.
    .projects = Projects: { $projects }
    .one-project = Send a task for { $project }, or /help for everything else.
    .many-projects = Start with /new project task, or /help for everything else.
    .no-projects = There is no project yet. Add one to the configuration file, then come back.

help = What you can do here
    .start = /new project task: start a session. With one project, a plain message in a private chat does the same.
    .named = /new project name: task: choose the session's name yourself.
    .talk = Reply to any message of a session, or write in its topic, to talk to its agent.
    .plan = Plans: /approve, /revise, /reject, or the buttons under the plan.
    .question = Questions: press an option, reply in your own words, or /answer name text.
    .permission = Permissions: /allow, /deny, or the buttons.
    .branch = Branches: /merge, /later, /discard, or the buttons.
    .watch = /sessions lists the sessions, /status shows one, /stop name ends one and keeps its work.
    .lang = /lang changes the language.

lang-usage = Use it like this: /lang code. Languages: { $languages }
lang-set = Language: English

command-unknown = There is no command { $command }. /help lists what there is.
command-usage-new = Use it like this: /new project task. Projects: { $projects }
command-usage-answer = Use it like this: /answer name your answer

not-routed = This message went to no session. Reply to a message of one, or start one with /new.
