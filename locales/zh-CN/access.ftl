### 谁可以使用机器人：配对、角色、失效的按钮。

access-not-paired = 此机器人只为已配对的人服务。请在它所在的机器上运行 leadhand pair，然后发送 /start 加上显示的配对码。
access-not-paired-group = 此群组尚未接入。由所有者在这里发送 /allow 即可接入。
access-group-allowed = 此群组已连接。已配对的人可以在这里指挥会话。
access-wrong-code = 配对码不正确。请运行 leadhand pair 获取新的配对码。
access-code-expired = 配对码已过期。请运行 leadhand pair 获取新的配对码。
access-paired-owner = 配对成功，你是所有者。发来一个任务就可以开始，或发送 /help。

press-already-answer = 已由 { $who } 回答。
press-already = 已由 { $who } 决定：{ $verb }
