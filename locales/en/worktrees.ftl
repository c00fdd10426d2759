### Branches and worktrees: the decision, how a merge went, what is kept.

branch-decision = 🔀 [{ $name }] { $branch } → { $base }, { $commits ->
        [one] 1 commit
       *[other] { $commits } commits
    }, { $files ->
        [one] 1 file
       *[other] { $files } files
    }, +{ $added } −{ $deleted }
    .more-commits = { $count ->
        [one] … and 1 more commit
       *[other] … and { $count } more commits
    }
    .more-files = { $count ->
        [one] … and 1 more file
       *[other] … and { $count } more files
    }
    .committed = Changes the agent had not committed are committed on the branch.
    .conflicts = { $count ->
        [one] Merging would conflict in 1 file:
       *[other] Merging would conflict in { $count } files:
    }
    .base-dirty = The checkout of { $base } has local changes. They stay as they are.
    .next = Merge brings it into { $base }. Discard keeps a backup.

branch-closed-merging = Merging…
branch-closed-merge = Merged
branch-closed-nothing = Nothing to merge: { $base } has it all already.
branch-closed-failed = Not merged; a new card follows.
branch-closed-discard = Discarded
branch-closed-superseded = The session goes on; a new card follows.
branch-closed-by = { $outcome } by { $who }

branch-later = 🕐 [{ $name }] Branch { $branch } waits. Decide with these buttons whenever you like.
    .until = 🕐 [{ $name }] Branch { $branch } waits. A reminder comes { $when }.

branch-merged = ✅ [{ $name }] Merged { $branch } → { $base }
    .with-facts = ✅ [{ $name }] Merged { $branch } → { $base } · { $facts }
    .commit = { $base } is now at { $commit }.
    .undo = Undo works as long as { $base } does not move on.
    .kept = The worktree is kept: { $reasons }
    .undone = ↩️ [{ $name }] Merge undone; { $base } is back at { $commit }.

branch-pr-opened = ✅ [{ $name }] PR opened: { $url }
branch-no-changes = [{ $name }] No changes against { $base }; nothing to merge.

merge-conflict = ⚠️ [{ $name }] Not merged: it conflicts with { $base }.
    .files = In conflict:
    .next = Nothing was changed. Reply here to let the agent resolve it, then press Merge again.
merge-blocked = ⚠️ [{ $name }] Not merged: the checkout of { $base } has local edits in the same files.
    .files = Edited there:
    .next = Nothing was changed. Commit or undo those edits, then press Merge again.
    .reason = { $reason }
merge-moved = ⚠️ [{ $name }] Not merged: { $base } moved meanwhile.
    .next = Nothing was changed. Press Merge again.
merge-verify-failed = ⚠️ [{ $name }] Not merged: { $command } failed on the merged result.
    .next = Nothing was changed. Reply here to let the agent fix it, then press Merge again.

discard-ask = 🔀 [{ $name }] Discard { $branch }?
    .loses = { $commits ->
        [one] 1 commit
       *[other] { $commits } commits
    } and its worktree go away.
    .keeps = A backup is kept as { $backup }.
    .keeps-any = A backup is kept and can be brought back.
discard-closed-yes = Discarded by { $who }
discard-closed-no = Kept
discard-closed-superseded = No longer asked.
discard-done = Branch and worktree are removed. The backup is { $backup }.
discard-failed = ⚠️ [{ $name }] Not discarded; it is kept as it was:

worktree-dirty-base = The checkout has changes that are not committed. The session starts from the last commit of { $base } without them.
