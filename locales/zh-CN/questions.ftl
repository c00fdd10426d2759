### 问题与权限。

question-title = ❓ [{ $name }] 问题
    .part = ❓ [{ $name }] 问题 { $number } / { $total }
    .missing-text = 代理提问时没有写出问题。
    .hint = 回复此消息，可以用自己的话回答。
    .hint-many = 点选所有合适的选项，再点“完成”；也可以回复，用自己的话回答。
    .hint-buttons-only = 请点选一个选项。

question-closed-answer = 回答：{ $answer }
question-closed-superseded = 代理已不再等待这个回答。

permission-title = ❓ [{ $name }] 需要许可
    .tool = 工具：{ $tool }
    .outside = 此操作会涉及工作树之外。
    .inside = 此操作只在工作树之内。

permission-closed-allow = 已由 { $who } 允许
permission-closed-session = 已由 { $who } 允许，本次会话有效
permission-closed-deny = 已被 { $who } 拒绝
permission-closed-superseded = 代理已不再等待此许可。
