### Branches and worktrees: the decision, how a merge went, what is kept.

branch-decision = 🔀 [{ $name }] { $branch } → { $base }, { $commits ->
        [one] 1 commit
       *[other] { $commits } commits
    }, { $files ->
        [one] 1 file
       *[other] { $files } files
    }, +{ $added } −{ $deleted }
    .more-files = { $count ->
        [one] … and 1 more file
       *[other] … and { $count } more files
    }
    .conflicts = { $count ->
        [one] Merging would conflict in 1 file:
       *[other] Merging would conflict in { $count } files:
    }
    .next = Merge brings it into { $base }. Discard keeps a backup.

branch-closed-merging = Merging…
branch-closed-merge = Merged
branch-closed-nothing = Nothing to merge: { $base } has it all already.
branch-closed-failed = Not merged; a new card follows.
branch-closed-discard = Discarded
branch-closed-superseded = The session goes on; a new card follows.

branch-later = 🕐 [{ $name }] Branch { $branch } waits. Decide with these buttons whenever you like.

branch-merged = ✅ [{ $name }] Merged { $branch } → { $base }
    .with-facts = ✅ [{ $name }] Merged { $branch } → { $base } · { $facts }
    .commit = { $base } is now at { $commit }.

merge-conflict = ⚠️ [{ $name }] Not merged: it conflicts with { $base }.
    .files = In conflict:
    .next = Nothing was changed. Reply here to let the agent resolve it, then press Merge again.
merge-blocked = ⚠️ [{ $name }] Not merged: the checkout of { $base } has local edits in the same files.
    .files = Edited there:
    .next = Nothing was changed. Commit or undo those edits, then press Merge again.
merge-moved = ⚠️ [{ $name }] Not merged: { $base } moved meanwhile.
    .next = Nothing was changed. Press Merge again.

discard-ask = 🔀 [{ $name }] Discard { $branch }?
    .keeps-any = A backup is kept and can be brought back.
discard-closed-no = Kept
discard-closed-superseded = No longer asked.
discard-done = Branch and worktree are removed. The backup is { $backup }.
discard-failed = ⚠️ [{ $name }] Not discarded; it is kept as it was:

worktree-dirty-base = The checkout has changes that are not committed. The session starts from the last commit of { $base } without them.
