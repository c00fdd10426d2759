### 谁可以使用机器人：配对、角色、失效的按钮。

access-not-paired = 此机器人只为已配对的人服务。请在它所在的机器上运行 leadhand pair，然后发送 /start 加上显示的配对码。
access-not-paired-group = 此群组尚未接入。由所有者在这里发送 /allow 即可接入。
access-group-allowed = 此群组已连接。已配对的人可以在这里指挥会话。
access-wrong-code = 配对码不正确。请运行 leadhand pair 获取新的配对码。
access-too-many-tries = 错误次数过多，配对关闭 { $minutes ->
       *[other] { $minutes } 分钟
    }。
access-code-expired = 配对码已过期。请运行 leadhand pair 获取新的配对码。
access-paired-owner = 配对成功，你是所有者。
    .next = 发送一个任务即可开始，或查看 /help。
access-paired-role = 配对成功，你在这里的角色是 { $role }。
access-already-paired = 你已经配对过了。
access-not-allowed = 你在这里不能这样做。你的角色是 { $role }。
access-not-yours = 这个按钮属于别人。
access-private-only = 此操作只能在与机器人的私聊中进行。

press-stale = 这个按钮已失效。请使用最新卡片上的按钮。
press-unknown = 无法识别这个按钮。/status 可查看待决事项。
press-already-answer = 已由 { $who } 回答。
press-already = 已由 { $who } 决定：{ $verb }
press-working = 正在处理……
