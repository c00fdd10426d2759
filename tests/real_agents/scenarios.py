"""What a person and Claude Code do together, each as a script for the model and the moves of the person.

Every scenario checks itself. The same ones are recorded for `tests/golden/claude`.
"""

from __future__ import annotations

import time

from core.events import (
    InputAccepted,
    ModeChanged,
    PermissionRequested,
    PlanRequested,
    QuestionRequested,
    RequestResolved,
    SessionStarted,
    Todo,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    Used,
)
from core.states import ErrorKind
from tests.model_server.script import Hang, Use, say
from tests.real_agents.claude_cli import Bench
from tests.real_agents.drive import Driven
from tests.real_agents.stage import BYPASS, DEFAULT, EXIT_PLAN, PLAN, bash, plan_file, scenario, write


@scenario(
    say("Let me look.", Use("Read", {"file_path": "{wt}/hello.txt"})),
    plan_file("# Plan\n\n1. Write new.txt\n"),
    EXIT_PLAN,
    plan_file("# Plan\n\n1. Write new.txt\n2. Test it\n"),
    EXIT_PLAN,
    say(write("new.txt", "new\n")),
    say(bash("git status --short")),
    say(bash("python3 -c 'print(1)'")),
    say("Wrote new.txt."),
)
def plan_revised_and_approved(bench: Bench) -> Driven:
    """Revise, approve: edits in the worktree need no permission then, a command that may write does."""
    run = bench.start(PLAN)
    run.prompt("Write new.txt", "p1")
    first = run.until(PlanRequested)
    assert first.plan == "# Plan\n\n1. Write new.txt\n"
    run.send(run.driver.plan(first.request, "revise", "Add a test"))
    second = run.until(PlanRequested)
    assert second.plan.endswith("2. Test it\n")
    assert "Add a test" in bench.server.turns[3].last
    assert not (bench.worktree / "new.txt").exists()
    run.send(run.driver.plan(second.request, "approve", ""))
    asked = run.until(PermissionRequested)
    assert (asked.tool_kind, asked.title, asked.inside) == ("execute", "python3 -c 'print(1)'", False)
    run.send(run.driver.permission(asked.request, "allow", ""))
    end = run.until(TurnFinished)
    assert (end.outcome, end.text) == ("completed", "Wrote new.txt.")
    assert run.finish() == 0
    assert (bench.worktree / "new.txt").read_text() == "new\n"
    assert [e.request for e in run.of(PermissionRequested)] == [asked.request]
    assert run.of(ModeChanged) == [ModeChanged("acceptEdits")]
    assert len(run.of(SessionStarted)) == len(run.of(TurnStarted)) == 1
    assert run.of(Used)[0].input_tokens == 900
    assert (run.of(Used)[0].cost_usd or 0) > 0
    assert run.driver.pending() == frozenset()
    return run


@scenario(say("The plan: do it.", EXIT_PLAN.blocks[0]), say("Done."))
def plan_without_a_file(bench: Bench) -> Driven:
    """The model never wrote the plan file: its last words are the plan."""
    run = bench.start(PLAN)
    run.prompt("Do it", "p1")
    asked = run.until(PlanRequested)
    assert asked.plan == "The plan: do it."
    run.send(run.driver.plan(asked.request, "approve", ""))
    assert run.until(TurnFinished).outcome == "completed"
    run.finish()
    return run


@scenario(plan_file("# Plan\n"), EXIT_PLAN, say("What now?"))
def plan_rejected(bench: Bench) -> Driven:
    """Reject ends the turn; the model is not asked again; the conversation can go on."""
    run = bench.start(PLAN)
    run.prompt("Do it", "p1")
    asked = run.until(PlanRequested)
    run.send(run.driver.plan(asked.request, "reject", ""))
    assert run.until(TurnFinished).outcome == "interrupted"
    assert len(bench.server.turns) == 2
    run.prompt("Still there?", "p2")
    assert run.until(TurnFinished).text == "What now?"
    assert "doesn't want to proceed" in str(bench.server.turns[-1].body["messages"])
    run.finish()
    assert len(run.of(SessionStarted)) == 1
    return run


QUESTIONS = {
    "questions": [
        {
            "question": "Which parts?",
            "header": "Parts",
            "multiSelect": True,
            "options": [{"label": "Code", "description": "c"}, {"label": "Tests", "description": "t"}],
        },
        {
            "question": "Which name?",
            "header": "Name",
            "multiSelect": False,
            "options": [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}],
        },
    ]
}


@scenario(say(Use("AskUserQuestion", QUESTIONS)), say("Thanks."))
def questions_answered(bench: Bench) -> Driven:
    """Two questions at once: several labels, and own words."""
    run = bench.start()
    run.prompt("Ask me", "p1")
    asked = run.until(QuestionRequested)
    assert [(i.text, i.multi, len(i.options)) for i in asked.items] == [
        ("Which parts?", True, 2),
        ("Which name?", False, 2),
    ]
    run.send(run.driver.answer(asked.request, {"0": ["Code", "Tests"], "1": ["something else"]}))
    assert run.until(TurnFinished).outcome == "completed"
    assert '"Which parts?"="Code, Tests"' in bench.server.turns[-1].last
    assert '"Which name?"="something else"' in bench.server.turns[-1].last
    run.finish()
    assert run.of(ToolStarted) == []
    return run


@scenario(
    say(write("one.txt")),
    say(write("two.txt")),
    say(bash("git commit --allow-empty -qm a")),
    say(bash("git commit --allow-empty -qm b")),
    say(Use("Read", {"file_path": "/etc/hostname"})),
    say("Done."),
)
def permissions(bench: Bench) -> Driven:
    """Deny reaches the model word for word, allow is once, session is for all that the agent suggests."""
    run = bench.start()
    run.prompt("Write", "p1")
    first = run.until(PermissionRequested)
    assert (first.tool, first.title, first.detail, first.inside) == ("Write", "one.txt", "x\n", True)
    run.send(run.driver.permission(first.request, "deny", "Not this file."))
    second = run.until(PermissionRequested)
    assert "Not this file." in bench.server.turns[1].last
    run.send(run.driver.permission(second.request, "allow", ""))
    third = run.until(PermissionRequested)
    run.send(run.driver.permission(third.request, "session", ""))
    outside = run.until(PermissionRequested)  # the second commit was not asked for
    assert (outside.title, outside.inside) == ("/etc/hostname", False)
    run.send(run.driver.permission(outside.request, "deny", ""))
    assert run.until(TurnFinished).outcome == "completed"
    run.finish()
    assert [e.ok for e in run.of(ToolFinished)] == [False, True, True, True, False]
    assert not (bench.worktree / "one.txt").exists()
    assert not list(bench.worktree.rglob(".claude"))
    return run


@scenario(Hang("Half a sen"), say(write("late.txt")), say("Good."))
def interrupted(bench: Bench) -> Driven:
    """In the middle of a text, then with a request open: the request is taken back."""
    run = bench.start()
    run.prompt("Talk", "p1")
    run.until(TurnStarted)
    bench.server.wait_for(1)
    time.sleep(0.4)
    run.send(run.driver.interrupt("i1"))
    assert run.until(TurnFinished).outcome == "interrupted"
    run.prompt("Write", "p2")
    asked = run.until(PermissionRequested)
    run.send(run.driver.interrupt("i2"))
    assert run.until(RequestResolved) == RequestResolved(asked.request, "agent")
    assert run.until(TurnFinished).outcome == "interrupted"
    assert run.driver.pending() == frozenset()
    run.prompt("Go on", "p3")
    assert run.until(TurnFinished).text == "Good."
    run.finish()
    assert not (bench.worktree / "late.txt").exists()
    assert [e.input for e in run.of(InputAccepted)] == ["p1", "p2", "p3"]
    return run


@scenario(say(write("a.txt")), say("Both done."))
def steered(bench: Bench) -> Driven:
    """A prompt while a request is open joins the running turn with the tool's result."""
    run = bench.start()
    run.prompt("Write", "p1")
    asked = run.until(PermissionRequested)
    run.prompt("In blue", "p2")
    assert run.settle(0.5) == []  # queued is not accepted
    run.send(run.driver.permission(asked.request, "allow", ""))
    assert run.until(TurnFinished).text == "Both done."
    assert "In blue" in bench.server.turns[-1].last
    run.finish()
    assert [e.input for e in run.of(InputAccepted)] == ["p1", "p2"]
    assert len(run.of(TurnStarted)) == 1
    return run


@scenario(plan_file("# Plan\n"), EXIT_PLAN, say(write("x.txt")), say("Done."))
def killed_with_a_plan_pending(bench: Bench) -> Driven:
    """The request dies with the process; a resume where edits are accepted carries the plan out."""
    lost = bench.start(PLAN)
    lost.prompt("Do it", "p1")
    old = lost.until(PlanRequested)
    lost.settle(1.0)
    lost.process.kill()

    run = bench.resume(lost, PLAN, approved=True)
    assert run.settle(1.0) == []  # nobody restarts a turn
    assert run.driver.plan(old.request, "approve", "") == ()
    run.prompt("Your plan was approved. Carry it out.", "p2")
    assert run.until(TurnFinished).text == "Done."
    assert "the session ended before this call's result was recorded" in str(bench.server.turns[-1].body)
    assert run.finish() == 0
    assert (bench.worktree / "x.txt").exists()
    assert run.of(PermissionRequested) == []
    assert run.of(SessionStarted)[0].agent_session == lost.of(SessionStarted)[0].agent_session
    assert run.of(SessionStarted)[0].mode == "acceptEdits"
    return run


@scenario(say(write("x.txt")), say("Done."), say("Second."))
def everything_said_twice(bench: Bench) -> Driven:
    """Answers and prompts that are written twice count once, after a resume too."""
    first = bench.start()
    first.prompt("Write", "p1")
    asked = first.until(PermissionRequested)
    first.prompt("Write", "p1")
    for _ in range(2):
        first.send(first.driver.permission(asked.request, "allow", ""))
    assert first.until(TurnFinished).outcome == "completed"
    first.send(first.driver.permission(asked.request, "allow", ""))
    first.send(first.driver.permission(asked.request, "deny", "too late"))
    first.prompt("Write", "p1")
    assert [e for e in first.settle(1.0) if not isinstance(e, InputAccepted)] == []
    assert first.finish() == 0
    assert len(bench.server.turns) == 2

    run = bench.resume(first, DEFAULT)
    run.prompt("Write", "p1")
    assert run.until(InputAccepted) == InputAccepted("p1")
    assert run.settle(1.0) == []
    run.prompt("More", "p2")
    assert run.until(TurnFinished).text == "Second."
    run.finish()
    assert len(bench.server.turns) == 3
    assert run.of(Used)[0].input_tokens == 100  # this turn's, not the conversation's
    return run


@scenario(say("x"))
def resume_of_nothing(bench: Bench) -> Driven:
    """A conversation that never had a prompt cannot be resumed; its id is free."""
    run = bench.start(resume=True)
    end = run.until(TurnFinished)
    assert end.error is not None
    assert end.error.kind is ErrorKind.BAD_REQUEST
    assert end.error.message.startswith("No conversation found")
    assert run.process.wait() == 1
    again = bench.start(agent_session=run.spec.agent_session)
    again.prompt("Hello", "p1")
    assert again.until(TurnFinished).text == "x"
    assert again.finish() == 0
    taken = bench.start(agent_session=run.spec.agent_session)
    assert taken.process.wait() == 1
    taken.process.drained.wait(5)
    assert b"already in use" in taken.process.terminal
    return run


@scenario(
    say(
        Use("TaskCreate", {"subject": "Read", "description": "d"}),
        Use("TaskCreate", {"subject": "Write", "description": "d"}),
    ),
    say(Use("TaskUpdate", {"taskId": "1", "status": "completed"})),
    say("Listed."),
)
def todo_list(bench: Bench) -> Driven:
    """The agent's own list of steps."""
    run = bench.start()
    run.prompt("List", "p1")
    run.until(TurnFinished)
    run.finish()
    assert run.of(Todo)[-1] == Todo((("Read", "completed"), ("Write", "pending")))
    return run


@scenario(say(bash("git commit --allow-empty -qm a")), say(write("x.txt")), say("Done."))
def bypass(bench: Bench) -> Driven:
    """Nobody is asked."""
    run = bench.start(BYPASS)
    run.prompt("Do it", "p1")
    assert run.until(TurnFinished).outcome == "completed"
    run.finish()
    assert run.of(PermissionRequested) == []
    assert (bench.worktree / "x.txt").exists()
    return run
