### 出了什么问题、什么是安全的、接下来做什么。核心的每个错误类对应一条。

error-unknown = 出了点问题，没有丢失任何内容。可以查看 leadhand 的日志，或再试一次。

error-config-error = 配置无法使用，没有做任何改动。
error-bad-setting = { $file }：{ $setting }：{ $reason }
error-no-token = 没有 Telegram 令牌。请设置 LEADHAND_TELEGRAM_TOKEN，或在 { $file } 的 [telegram] 下设置 token。
error-home-broken = { $path } 无法使用：{ $reason }
error-start-error = Leadhand 无法启动，没有做任何改动。
error-token-refused = Telegram 拒绝了令牌。请从 @BotFather 获取新令牌，并设置 LEADHAND_TELEGRAM_TOKEN。
error-telegram-unreachable = { $api } 的 Telegram 没有应答：{ $reason }
error-already-running = 已有另一个 leadhand 在使用同一个 { $what }。请先停止它。
error-store-broken = 无法读取 { $path }：{ $reason }
error-disk-full = { $path } 所在磁盘已满。请腾出空间后重试；没有做任何改动。

error-project-error = 无法处理这个项目，没有启动任何会话。
error-unknown-project = 没有项目 { $name }。已有项目：{ $known }
error-not-a-repository = { $path } 不是 git 仓库，没有启动任何会话。请在那里运行 git init，或修正配置中的路径。
error-no-such-folder = 没有文件夹 { $path }，没有启动任何会话。请修正配置中的路径。
error-repository-unusable = { $path } 无法使用：{ $reason } 没有启动任何会话。
error-base-missing = { $path } 没有分支 { $base }，没有启动任何会话。已有分支：{ $candidates }
error-no-commits = { $path } 还没有任何提交，没有启动任何会话。请先提交一次，再重试。
error-git-too-old = git { $found } 版本过旧，需要 2.38 或更新的版本。
error-worktree-failed = 无法创建工作树：{ $reason } 没有启动任何会话。

error-agent-problem = 无法运行代理，没有启动任何会话。
error-unknown-agent = 没有代理 { $name }。已有代理：{ $known }
error-agent-missing = { $agent } 未安装：找不到 { $command }。请安装它，或在配置中设置它的 command，然后重试。
error-agent-unusable = { $agent } 无法启动：{ $reason } 请在终端里运行一次 { $agent } 查看原因。
error-keeper-down = keeper 没有应答：{ $reason } 运行中的代理不受影响。可以查看 leadhand keeper status。

error-session-error = 会话无法执行此操作。
error-unknown-session = 没有会话 { $name }。/sessions 可列出所有会话。
error-which-session = 有多个会话等待 { $command }，请指明其中一个：{ $names }
error-nothing-waits = 没有等待 { $command } 的内容。
error-nothing-chosen = 请先至少选择一个选项。
error-not-an-option = 请点选其中一个选项；这个问题不接受其他回答。
error-not-running = [{ $name }] 没有在运行。回复它的任意消息即可恢复。
error-nothing-pending = [{ $name }] 没有这样的待决事项。/status { $name } 可查看它的状态。
error-bad-input = { $reason }

error-decision-error = 决定没有生效，请再试一次。
error-decision-stale = 这个按钮已失效。请使用最新卡片上的按钮。
error-decision-taken = 已由 { $by } 决定：{ $verb }
error-not-allowed = { $user } 在这里不能执行 { $action }。

agent-auth = { $agent } 尚未登录
    .next = 请在它所在机器的终端里运行 { $agent } 并登录，然后回复此消息。
agent-usage-limit = { $agent } 的账户额度已用完
    .next = 有额度后回复此消息即可继续。
agent-rate-limit = { $agent } 达到了速率限制
    .next = 稍后回复此消息即可继续。
agent-overloaded = 模型服务器过载
    .next = 回复此消息可以重试。
agent-server = 模型服务器出错
    .next = 回复此消息可以重试。
agent-network = { $agent } 无法连接模型
    .next = 请检查它所在机器的网络，然后回复此消息。
agent-context-overflow = 对话对模型来说太长了
    .next = 剩下的部分请新建会话。
agent-model-not-found = { $agent } 不认识指定的模型
    .next = 请在配置中修正模型名称，然后回复此消息。
agent-bad-request = 模型拒绝了这个请求
    .next = 请换个说法，或新建会话。
agent-aborted = 本轮被中断
    .next = 回复此消息即可继续。
agent-unknown = { $agent } 意外结束
    .next = 回复此消息可以重试。
agent-details = 它的原话：
