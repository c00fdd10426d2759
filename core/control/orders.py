"""Orders that carry a person's words: kept until the agent has taken them, so that none dies with it.

A host confirms that an order was carried out; its words are forgotten when an event shows that they
arrived. Words that are still kept when a process starts are the first thing it is told.
"""

from __future__ import annotations

from core.control.work import Work
from core.model import Json, Permission, Plan, Question, Session
from core.ports import Command, Verb

RESUME_APPROVED = "The plan (version {version}) was approved. Implement it now.\n\n{plan}"
RESUME_REVISE = "The plan (version {version}) needs changes before anything is edited:\n\n{feedback}"
RESUME_ANSWER = "You asked before you were interrupted. The answers are:\n\n{answers}"
RESUME_PERMISSION = "The permission you asked for ({title}) was {verdict}. Go on."
_CARRYING = frozenset({Verb.LAUNCH, Verb.PROMPT, Verb.PLAN, Verb.PERMISSION, Verb.ANSWER})


# ---- one order a cause: a repetition finds the id taken ---------------------------------------------


def launch_id(session: Session) -> str:
    """Return the id of the launch of a session's present process."""
    return f"launch:{session.id}:{session.epoch}"


def inspect_id(session: Session) -> str:
    """Return the id of the order that measures the branch after the present turn."""
    return f"inspect:{session.id}:{session.epoch}:{session.turn}"


def prompt_id(input: str) -> str:
    """Return the id of the order that carries a prompt."""
    return f"prompt:{input}"


def plan_id(plan: Plan) -> str:
    """Return the id of the order that carries the decision on a plan."""
    return f"plan:{plan.session}:{plan.version}"


def reply_id(request: Question | Permission) -> str:
    """Return the id of the order that answers a question or a permission request."""
    return f"{'answer' if isinstance(request, Question) else 'permission'}:{request.id}"


# ---- what became of them ----------------------------------------------------------------------------


def confirm(work: Work, id: str) -> None:
    """The host is done with an order. Words stay until the agent has them."""
    command = work.tx.commands.get(id)
    work.tx.commands.done(id)
    if command is not None and command.verb not in _CARRYING:
        work.tx.commands.forget(id)


def taken(work: Work, id: str) -> None:
    """The agent has what an order carried."""
    work.tx.commands.forget(id)


def accepted(work: Work, session: Session, input: str) -> None:
    """The agent has a prompt; one that names none has every prompt that was written to it."""
    if input:
        taken(work, prompt_id(input))
        return
    unwritten = {command.id for _, command in work.tx.commands.open()}
    for command in kept(work, session):
        if command.verb is Verb.PROMPT and command.id not in unwritten:
            taken(work, command.id)


def measuring(work: Work, session: Session) -> bool:
    """Tell whether the present turn is over and its branch is being measured."""
    return work.tx.commands.get(inspect_id(session)) is not None


def kept(work: Work, session: Session) -> list[Command]:
    """Return the orders whose words the agent has not taken, in order."""
    return [command for command in work.tx.commands.kept(session.id) if command.verb in _CARRYING]


def launch_kept(work: Work, session: Session) -> Command | None:
    """Return the last launch when its agent never began to work."""
    return next((command for command in kept(work, session) if command.verb is Verb.LAUNCH), None)


def undelivered(work: Work, session: Session) -> bool:
    """Tell whether a working agent died before it took words of a person."""
    waiting = kept(work, session)
    if any(command.verb is Verb.LAUNCH for command in waiting):
        return False  # it died before it began: another start would only repeat that
    return any(words(work, command) for command in waiting)


def collect(work: Work, session: Session) -> list[str]:
    """Return all words that are kept; whoever asks is going to deliver them."""
    found: list[str] = []
    for command in kept(work, session):
        found += words(work, command)
        work.tx.commands.forget(command.id)
    return found


def take_back(work: Work, session: Session) -> None:
    """Forget what the agent was about to be told. Its task stays: without it there is nothing to resume."""
    for command in kept(work, session):
        if command.verb is not Verb.LAUNCH:
            work.tx.commands.forget(command.id)


# ---- words ------------------------------------------------------------------------------------------


def words(work: Work, command: Command) -> list[str]:
    """Return what an order says, as a person would say it to an agent that was interrupted."""
    body = command.body
    if not body or body.get("auto"):  # forgotten, or decided by policy alone
        return []
    match command.verb:
        case Verb.LAUNCH:
            return [prompt["text"] for prompt in body["prompts"]]
        case Verb.PROMPT:
            return [body["text"]]
        case Verb.PLAN:
            return _decided(work, command)
        case Verb.ANSWER:
            asked = work.tx.requests.by_request(command.session, body["request"])
            return [answered(asked, body["answers"])] if isinstance(asked, Question) else []
        case Verb.PERMISSION:
            wanted = work.tx.requests.by_request(command.session, body["request"])
            verdict = "denied" if body["verdict"] == "deny" else "allowed"
            return [permitted(wanted, verdict)] if isinstance(wanted, Permission) else []
        case Verb.INTERRUPT | Verb.CLOSE | Verb.KILL | Verb.INSPECT | Verb.LAND | Verb.REMOVE:
            return []


def _decided(work: Work, command: Command) -> list[str]:
    body: Json = command.body
    plan = work.tx.plans.get(command.session, body["version"])
    match body["verdict"]:
        case "approve" if plan is not None:
            return [approved(plan)]
        case "revise":
            return [RESUME_REVISE.format(version=body["version"], feedback=body["feedback"])]
        case _:
            return []


def approved(plan: Plan) -> str:
    """Say that a plan was approved."""
    return RESUME_APPROVED.format(version=plan.version, plan=plan.text)


def answered(question: Question, answers: dict[str, list[str]]) -> str:
    """Say how questions were answered."""
    pairs = [f"{item.text}\n→ {', '.join(answers.get(item.id, []))}" for item in question.items]
    return RESUME_ANSWER.format(answers="\n\n".join(pairs))


def permitted(permission: Permission, verdict: str) -> str:
    """Say how a permission request was decided."""
    return RESUME_PERMISSION.format(title=permission.title, verdict=verdict)
