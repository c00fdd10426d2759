### What went wrong, what is safe, what to do next. One text for each error class of the core.

error-unknown = Something went wrong; nothing was lost. Look into the log of leadhand, or try again.

error-config-error = The configuration cannot be used. Nothing was changed.
error-bad-setting = { $file }: { $setting }: { $reason }
error-no-token = There is no Telegram token. Set LEADHAND_TELEGRAM_TOKEN, or token under [telegram] in { $file }.
error-home-broken = { $path } cannot be used: { $reason }
error-start-error = Leadhand cannot start. Nothing was changed.
error-token-refused = Telegram refused the token. Get a new one from @BotFather and set LEADHAND_TELEGRAM_TOKEN.
error-telegram-unreachable = Telegram does not answer at { $api }: { $reason }
error-already-running = Another leadhand is running with this { $what }. Stop it first.
error-store-broken = { $path } cannot be read: { $reason }
error-disk-full = No space is left for { $path }. Free some and try again; nothing was changed.

error-project-error = The project cannot be worked on. Nothing was started.
error-unknown-project = There is no project { $name }. Projects: { $known }
error-not-a-repository = { $path } is not a git repository. Nothing was started. Run git init there, or correct the path in the configuration.
error-no-such-folder = There is no folder { $path }. Nothing was started. Correct the path in the configuration.
error-repository-unusable = { $path } cannot be used: { $reason } Nothing was started.
error-base-missing = { $path } has no branch { $base }. Nothing was started. Its branches: { $candidates }
error-no-commits = { $path } has no commit yet. Nothing was started. Make a first commit, then try again.
error-git-too-old = git { $found } is too old; 2.38 or newer is needed.
error-worktree-failed = The worktree could not be made: { $reason } Nothing was started.

error-agent-problem = The agent cannot be run. Nothing was started.
error-unknown-agent = There is no agent { $name }. Agents: { $known }
error-agent-missing = { $agent } is not installed: { $command } was not found. Install it, or set its command in the configuration, then try again.
error-agent-unusable = { $agent } does not start: { $reason } Run { $agent } once in a terminal to see why.
error-keeper-down = The keeper does not answer: { $reason } Running agents go on. Look at leadhand keeper status.

error-session-error = The session cannot do that.
error-unknown-session = There is no session { $name }. /sessions lists them.
error-which-session = Several sessions wait for { $command }. Say which one: { $names }
error-nothing-waits = Nothing waits for { $command }.
error-nothing-chosen = Press at least one option first.
error-not-an-option = Press one of the options; this question takes no other answer.
error-not-running = [{ $name }] is not running. Reply to one of its messages to resume it.
error-nothing-pending = [{ $name }] waits for no such decision. /status { $name } shows how it stands.
error-bad-input = { $reason }

error-decision-error = The decision was not taken. Try again.
error-decision-stale = This button is out of date. The newest card has the buttons that work.
error-decision-taken = Already decided by { $by }: { $verb }
error-not-allowed = { $user } may not { $action } here.

agent-auth = { $agent } is not logged in
    .next = Run { $agent } in a terminal on its machine and log in, then reply here.
agent-usage-limit = the account of { $agent } has no usage left
    .next = Reply here when there is some again.
agent-rate-limit = { $agent } has reached its rate limit
    .next = Reply here in a while to go on.
agent-overloaded = the model's servers are overloaded
    .next = Reply here to try again.
agent-server = the model's server had an error
    .next = Reply here to try again.
agent-network = { $agent } cannot reach its model
    .next = Check the network of its machine, then reply here.
agent-context-overflow = the conversation is too long for the model
    .next = Start a new session for the rest.
agent-model-not-found = { $agent } does not know the model it should use
    .next = Correct the model in the configuration, then reply here.
agent-bad-request = the model refused the request
    .next = Say it in another way, or start a new session.
agent-aborted = the turn was interrupted
    .next = Reply here to go on.
agent-unknown = { $agent } ended unexpectedly
    .next = Reply here to try again.
agent-details = What it said:
