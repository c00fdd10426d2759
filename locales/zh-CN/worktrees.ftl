### 分支与工作树：如何决定、合并结果、保留了什么。

branch-decision = 🔀 [{ $name }] { $branch } → { $base }，{ $commits ->
       *[other] { $commits } 个提交
    }，{ $files ->
       *[other] { $files } 个文件
    }，+{ $added } −{ $deleted }
    .more-commits = { $count ->
       *[other] …… 还有 { $count } 个提交
    }
    .more-files = { $count ->
       *[other] …… 还有 { $count } 个文件
    }
    .committed = 代理未提交的改动已提交到该分支。
    .conflicts = { $count ->
       *[other] 合并会在 { $count } 个文件中冲突：
    }
    .base-dirty = { $base } 的检出目录有本地改动，它们会原样保留。
    .next = 合并会把它并入 { $base }；丢弃会保留备份。

branch-closed-merging = 正在合并……
branch-closed-merge = 已合并
branch-closed-nothing = 无需合并：{ $base } 已包含全部内容。
branch-closed-failed = 未合并，稍后有新卡片。
branch-closed-discard = 已丢弃
branch-closed-superseded = 会话继续进行，稍后有新卡片。
branch-closed-by = { $outcome }（{ $who }）

branch-later = 🕐 [{ $name }] 分支 { $branch } 留待处理，随时可用下方按钮决定。
    .until = 🕐 [{ $name }] 分支 { $branch } 留待处理，{ $when } 提醒你。

branch-merged = ✅ [{ $name }] 已合并 { $branch } → { $base }
    .with-facts = ✅ [{ $name }] 已合并 { $branch } → { $base } · { $facts }
    .commit = { $base } 现位于 { $commit }。
    .undo = 只要 { $base } 没有新的变动，就可以撤销。
    .kept = 工作树已保留：{ $reasons }
    .undone = ↩️ [{ $name }] 已撤销合并，{ $base } 回到 { $commit }。

branch-pr-opened = ✅ [{ $name }] 已创建 PR：{ $url }
branch-no-changes = [{ $name }] 与 { $base } 相比没有改动，无需合并。

merge-conflict = ⚠️ [{ $name }] 未合并：与 { $base } 冲突。
    .files = 冲突文件：
    .next = 没有任何改动。回复此消息让代理解决冲突，然后再次点“合并”。
merge-blocked = ⚠️ [{ $name }] 未合并：{ $base } 的检出目录中，同样的文件有本地改动。
    .files = 本地改动的文件：
    .next = 没有任何改动。请提交或撤销这些改动，然后再次点“合并”。
    .reason = { $reason }
merge-moved = ⚠️ [{ $name }] 未合并：{ $base } 在此期间有了变动。
    .next = 没有任何改动。请再次点“合并”。
merge-verify-failed = ⚠️ [{ $name }] 未合并：{ $command } 在合并结果上失败。
    .next = 没有任何改动。回复此消息让代理修复，然后再次点“合并”。

discard-ask = 🔀 [{ $name }] 要丢弃 { $branch } 吗？
    .loses = { $commits ->
       *[other] { $commits } 个提交
    }和它的工作树会被移除。
    .keeps = 备份会保留为 { $backup }。
    .keeps-any = 会保留备份，可以找回。
discard-closed-yes = 已由 { $who } 丢弃
discard-closed-no = 已保留
discard-closed-superseded = 不再询问。
discard-done = 分支和工作树已移除，备份为 { $backup }。
discard-failed = ⚠️ [{ $name }] 未丢弃，一切保持原样：

worktree-dirty-base = 检出目录中有未提交的改动。会话将从 { $base } 的最近一次提交开始，不包含这些改动。
