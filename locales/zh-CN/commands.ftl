### 命令说明（Telegram 列表中显示）、欢迎语和帮助。

command-start = 配对此聊天或打个招呼
command-help = 这里能做什么
command-new = 新建会话：/new 项目 任务
command-sessions = 列出所有会话
command-status = 查看某个会话，或所有待决事项
command-stop = 停止会话，成果保留
command-approve = 批准等待中的计划
command-revise = 附上意见，退回计划
command-reject = 拒绝计划并停止
command-answer = 回答等待中的问题
command-allow = 允许代理的请求
command-deny = 不允许代理的请求
command-merge = 把分支合并到基准分支
command-later = 稍后再决定分支的去留
command-discard = 丢弃分支，保留备份
command-yes = 确认刚才的询问
command-no = 拒绝刚才的询问
command-lang = 选择语言

welcome = Leadhand 已就绪。发来一个任务，代理就会在独立的工作树里完成它；计划、问题和分支由你来决定。
    .projects = 项目：{ $projects }
    .one-project = 直接发送 { $project } 的任务即可，其他用法见 /help。
    .many-projects = 用“/new 项目 任务”开始，其他用法见 /help。
    .no-projects = 还没有项目。先在配置文件里添加一个，再回到这里。

help = 这里能做什么
    .start = /new 项目 任务：新建会话。只有一个项目时，在私聊里直接发消息也一样。
    .named = /new 项目 名称: 任务：自己指定会话名称。
    .talk = 回复某个会话的任意消息，或在它的话题里发言，就能与它的代理对话。
    .plan = 计划：/approve、/revise、/reject，或用计划下方的按钮。
    .question = 问题：点选一个选项，用自己的话回复，或 /answer 名称 回答。
    .permission = 权限：/allow、/deny，或用按钮。
    .branch = 分支：/merge、/later、/discard，或用按钮。
    .watch = /sessions 列出会话，/status 查看一个会话，/stop 名称 停止会话并保留成果。
    .lang = /lang 切换语言。

lang-usage = 用法：/lang 代码。语言：{ $languages }
lang-set = 语言：简体中文

command-unknown = 没有 { $command } 这个命令。/help 会列出所有命令。
command-usage-new = 用法：/new 项目 任务。项目：{ $projects }
command-usage-answer = 用法：/answer 名称 你的回答

not-routed = 这条消息没有送到任何会话。请回复某个会话的消息，或用 /new 新建一个。
