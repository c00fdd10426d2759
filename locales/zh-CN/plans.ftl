### 计划：卡片、批准的含义、反馈。

plan-title = 📋 [{ $name }] 计划 v{ $version }
    .page = 📋 [{ $name }] 计划 v{ $version }，第 { $number } / { $total } 部分
    .attached = 完整计划见附件。
    .missing-text = 代理提交的计划是空的。

plan-grants-edits = 批准后，代理可以读取和编辑其工作树中的文件；执行命令仍会询问。
plan-grants-bypass = 批准后，代理无需询问即可工作，包括执行命令。

plan-approved = 👍 [{ $name }] 计划 v{ $version } 已批准

plan-closed-approve = 已由 { $who } 批准
plan-closed-revise = 已由 { $who } 退回修改
plan-closed-reject = 已由 { $who } 拒绝
plan-closed-superseded = 不再等待：会话已继续或结束，未作决定。

plan-feedback-ask = ✏️ [{ $name }] 需要改什么？你在这里发的下一条消息就是对计划 v{ $version } 的意见。
    .placeholder = 需要改什么？
    .closed = ✏️ [{ $name }] 对计划 v{ $version } 的意见已发送。下一版计划为 v{ $next }。
    .superseded = ✏️ [{ $name }] 不再需要对计划 v{ $version } 的意见。

plan-early = ⚠️ [{ $name }] 在计划获批之前文件已有改动。合并前请先查看这些改动。
