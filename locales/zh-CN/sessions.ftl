### 会话：启动、进行、结束，以及接下来能做什么。
### 每张卡片顺序相同：状态、内容、位置、下一步。

session-started = 🚀 [{ $name }] 已启动
    .by = { $project } 中的 { $agent }
    .worktree = 分支 { $branch }，基于 { $base }
    .checkout = 直接在检出目录中工作，不使用工作树
    .resumes = 接着之前的对话继续
    .next = 回复此消息即可与它对话，/stop { $name } 停止它。

session-queued = 🕐 [{ $name }] 等待空位；{ $running ->
       *[other] { $running } 个会话正在运行
    }

progress-working = ⚙️ [{ $name }] 工作中
progress-waiting = ⚙️ [{ $name }] 等待你的决定
progress-finished = ⚙️ [{ $name }] 本轮结束
progress-starting = ⚙️ [{ $name }] 启动中
progress-steps = { $count ->
       *[other] { $count } 步
    }
progress-earlier = { $count ->
       *[other] …… 之前还有 { $count } 步
    }
progress-retrying = 模型没有应答，{ $seconds } 秒后重试
progress-compacted = 代理压缩了对话记忆

session-completed = ✅ [{ $name }] 已完成
    .with-facts = ✅ [{ $name }] 已完成 · { $facts }
    .no-changes = 没有文件改动。
    .left-branch = 改动在分支 { $branch } 上。
    .next = 回复此消息可以继续。

session-failed = ❌ [{ $name }] 失败：{ $reason }
    .kept = 工作树和分支都已保留。
    .next = 回复此消息可以重试。

session-stopped = ⛔ [{ $name }] 已停止
    .by = ⛔ [{ $name }] 已被 { $who } 停止
    .rejected = ⛔ [{ $name }] 已停止：计划 v{ $version } 被拒绝
    .discarded = ⛔ [{ $name }] 已停止：分支已丢弃
    .kept = 它的成果全部保留。
    .next = 回复此消息可以恢复。

session-suspended = 💤 [{ $name }] 已休眠：{ $reason }
    .idle = { $minutes } 分钟没有动静
    .lost = 进程已不在，例如机器重启之后
    .next = 回复此消息可以恢复。

session-resumed = ▶️ [{ $name }] 已恢复
    .lost-turn = 正在进行的一轮丢失了，已让代理继续。
    .lost-question = 之前的提问丢失了，你的回答会作为消息发送。
    .lost-plan = 代理已不再等待计划 v{ $version }，你的决定会作为消息发送。
    .lost-nothing = 没有丢失任何内容。

session-paused-rate-limit = ⏸️ [{ $name }] 暂停至 { $time }：{ $agent } 达到了速率限制，之后会自动继续。
session-reminder-plan = ⏰ [{ $name }] 计划 v{ $version } 仍在等你决定
session-reminder-question = ⏰ [{ $name }] 有一个问题仍在等你回答
session-reminder-branch = ⏰ [{ $name }] 分支 { $branch } 仍在等你决定

fact-files = { $count ->
       *[other] { $count } 个文件
    }
fact-commits = { $count ->
       *[other] { $count } 个提交
    }
fact-lines = +{ $added } −{ $deleted }
fact-cost = ${ $amount }
fact-minutes = { $minutes } 分钟
fact-seconds = { $seconds } 秒
fact-tokens = { $count } 个 token
fact-checks-passed = 检查通过
fact-checks-failed = 检查未通过：{ $command }

sessions-title = { $count ->
       *[other] { $count } 个会话
    }
sessions-empty = 还没有会话。用 /new 新建一个。
sessions-row = [{ $name }] { $state } · { $project } · { $task }
sessions-more = { $count ->
       *[other] 还有 { $count } 个
    }

status-title = [{ $name }] { $state }
    .task = 任务：{ $task }
    .where = { $project } 中的 { $agent }，分支 { $branch }
    .activity = 正在：{ $activity }
    .waits-plan = 等待你决定计划 v{ $version }
    .waits-question = 等待你的回答
    .waits-permission = 等待你的许可
    .waits-branch = 等待你决定分支 { $branch }
    .used = 目前用量：{ $facts }
    .doubtful = 可能未送达：{ $what }
status-waiting = { $count ->
       *[other] { $count } 项待决
    }
status-nothing-waits = 没有待决事项。

message-delivered = [{ $name }] 已转达。
message-queued = [{ $name }] 已转达，这一步结束后代理会读到。
message-resumes = [{ $name }] 正在带着你的消息恢复。
message-as-file = [{ $name }] 文字较长，将以文件 { $file } 交给代理。
message-too-long = 文字有 { $length } 个字符，上限为 { $limit }。请改为发送文件。
text-attached = 全文见附件。
text-cut = 到此截断。全文共 { $length } 个字符。
text-page = { $number } / { $total }

state-queued = 排队中
state-starting = 启动中
state-running = 工作中
state-completed = 已完成
state-failed = 失败
state-killed = 已停止
state-suspended = 已挂起
state-awaiting-plan-decision = 等待你对计划的决定
state-awaiting-user-input = 等待你的回答
state-awaiting-worktree-decision = 等待你对分支的决定
