### 会话：启动、进行、结束，以及接下来能做什么。
### 每张卡片顺序相同：状态、内容、位置、下一步。

session-started = 🚀 [{ $name }] 已启动
    .own-topic = [{ $name }] 已接手，它在自己的话题里交流。
    .by = { $project } 中的 { $agent }
    .next = 回复此消息即可与它对话，/stop { $name } 停止它。

progress-working = ⚙️ [{ $name }] 工作中
progress-finished = ⚙️ [{ $name }] 已处理
    .with-steps = ⚙️ [{ $name }] 已处理 · { $steps }
progress-steps = { $count ->
       *[other] { $count } 步
    }
progress-earlier = { $count ->
       *[other] …… 之前还有 { $count } 步
    }

session-completed = ✅ [{ $name }] 已完成
    .with-facts = ✅ [{ $name }] 已完成 · { $facts }
    .no-changes = 没有文件改动。
    .left-branch = 改动在分支 { $branch } 上。

session-failed = ❌ [{ $name }] 失败：{ $reason }
    .kept = 工作树和分支都已保留。
    .next = 回复此消息可以重试。

session-stopped = ⛔ [{ $name }] 已停止
    .rejected = ⛔ [{ $name }] 已停止：计划 v{ $version } 被拒绝
    .discarded = ⛔ [{ $name }] 已停止：分支已丢弃
    .kept = 它的成果全部保留。
    .next = 回复此消息可以恢复。

session-suspended = 💤 [{ $name }] 已休眠：{ $reason }
    .lost = 进程已不在，例如机器重启之后
    .next = 回复此消息可以恢复。

fact-files = { $count ->
       *[other] { $count } 个文件
    }
fact-lines = +{ $added } −{ $deleted }
fact-cost = ${ $amount }

sessions-title = { $count ->
       *[other] { $count } 个会话
    }
sessions-empty = 还没有会话。用 /new 新建一个。

status-title = [{ $name }] { $state }
    .task = 任务：{ $task }
    .activity = 正在：{ $activity }
status-waiting = { $count ->
       *[other] { $count } 项待决
    }
status-nothing-waits = 没有待决事项。

text-attached = 全文见附件。

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
