### 分支与工作树：如何决定、合并结果、保留了什么。

branch-decision = 🔀 [{ $name }] { $branch } → { $base }，{ $commits ->
       *[other] { $commits } 个提交
    }，{ $files ->
       *[other] { $files } 个文件
    }，+{ $added } −{ $deleted }
    .more-files = { $count ->
       *[other] …… 还有 { $count } 个文件
    }
    .conflicts = { $count ->
       *[other] 合并会在 { $count } 个文件中冲突：
    }
    .next = 合并会把它并入 { $base }；丢弃会保留备份。

branch-closed-merging = 正在合并……
branch-closed-merge = 已合并
branch-closed-nothing = 无需合并：{ $base } 已包含全部内容。
branch-closed-failed = 未合并，稍后有新卡片。
branch-closed-discard = 已丢弃
branch-closed-superseded = 会话继续进行，稍后有新卡片。

branch-later = 🕐 [{ $name }] 分支 { $branch } 留待处理，随时可用下方按钮决定。

branch-merged = ✅ [{ $name }] 已合并 { $branch } → { $base }
    .with-facts = ✅ [{ $name }] 已合并 { $branch } → { $base } · { $facts }
    .commit = { $base } 现位于 { $commit }。

merge-conflict = ⚠️ [{ $name }] 未合并：与 { $base } 冲突。
    .files = 冲突文件：
    .next = 没有任何改动。回复此消息让代理解决冲突，然后再次点“合并”。
merge-blocked = ⚠️ [{ $name }] 未合并：{ $base } 的检出目录中，同样的文件有本地改动。
    .files = 本地改动的文件：
    .next = 没有任何改动。请提交或撤销这些改动，然后再次点“合并”。
merge-moved = ⚠️ [{ $name }] 未合并：{ $base } 在此期间有了变动。
    .next = 没有任何改动。请再次点“合并”。

discard-ask = 🔀 [{ $name }] 要丢弃 { $branch } 吗？
    .keeps-any = 会保留备份，可以找回。
discard-closed-no = 已保留
discard-closed-superseded = 不再询问。
discard-done = 分支和工作树已移除，备份为 { $backup }。
discard-failed = ⚠️ [{ $name }] 未丢弃，一切保持原样：

worktree-dirty-base = 检出目录中有未提交的改动。会话将从 { $base } 的最近一次提交开始，不包含这些改动。
