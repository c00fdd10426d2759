### 按钮上的字：动词，简短，处处一致。

button-approve = 批准
button-revise = 修改
button-reject = 拒绝

button-merge = 合并
button-later = 稍后
button-discard = 丢弃

button-yes = 是
button-no = 否

button-allow = 允许
button-allow-session = 本次会话都允许
button-deny = 不允许

button-done = 完成
