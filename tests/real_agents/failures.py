"""Scenarios in which something goes wrong between the agent and its model."""

from __future__ import annotations

from core.events import Message, Retrying, TurnFinished
from core.states import ErrorKind
from tests.model_server.script import Drop, Fail, say
from tests.real_agents.claude_cli import Bench
from tests.real_agents.drive import Driven
from tests.real_agents.stage import scenario


@scenario(Fail(429, 1, "slow down"), say("Recovered."), Drop("Half"), say("Again."))
def retried(bench: Bench) -> Driven:
    """A refused and a broken answer are tried again without us."""
    run = bench.start()
    run.prompt("Hello", "p1")
    assert run.until(Retrying).error == "rate_limit 429"
    assert run.until(TurnFinished).text == "Recovered."
    run.prompt("More", "p2")
    assert run.until(TurnFinished).text == "Again."
    assert run.finish() == 0
    assert run.of(Message) == [Message("Recovered."), Message("Again.")]
    return run


@scenario(Fail(401, 0, "invalid x-api-key"))
def key_refused(bench: Bench) -> Driven:
    """A wrong key: tried again by the CLI all the same, then the turn fails."""
    return _failed(bench.start(), ErrorKind.AUTH, 401)


@scenario(say("never"))
def not_logged_in(bench: Bench) -> Driven:
    """No key at all: no model call, the turn fails at once."""
    run = _failed(bench.start(key_env=None), ErrorKind.AUTH, None)
    assert bench.server.turns == []
    return run


@scenario(Fail(529, 0))
def overloaded(bench: Bench) -> Driven:
    """The provider has no room."""
    return _failed(bench.start(), ErrorKind.OVERLOADED, 529)


@scenario(Fail(429, 0, "slow down"))
def rate_limited(bench: Bench) -> Driven:
    """Too many requests, until the CLI gives up."""
    return _failed(bench.start(), ErrorKind.RATE_LIMIT, 429)


@scenario(Fail(400, 1, "Your credit balance is too low to access the Anthropic API."))
def no_credit(bench: Bench) -> Driven:
    """The account is empty."""
    return _failed(bench.start(), ErrorKind.USAGE_LIMIT, 400)


@scenario(Fail(400, 1, "prompt is too long: 250000 tokens > 200000 maximum"))
def too_long(bench: Bench) -> Driven:
    """The conversation does not fit the model."""
    return _failed(bench.start(), ErrorKind.CONTEXT_OVERFLOW, 400)


@scenario(Fail(404, 0, "model: none"))
def no_such_model(bench: Bench) -> Driven:
    """The model does not exist."""
    return _failed(bench.start(), ErrorKind.MODEL_NOT_FOUND, 404)


@scenario(say("never"))
def network_down(bench: Bench) -> Driven:
    """Nobody listens at the provider's address."""
    return _failed(bench.start(base_url="http://127.0.0.1:9"), ErrorKind.NETWORK, None)


def _failed(run: Driven, kind: ErrorKind, status: int | None) -> Driven:
    run.prompt("Hello", "p1")
    end = run.until(TurnFinished)
    assert end.outcome == "failed"
    assert end.error is not None
    assert (end.error.kind, end.error.status) == (kind, status)
    assert end.error.message
    assert run.finish() == 1
    return run
