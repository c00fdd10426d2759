"""The Anthropic Messages answer of a step, as server-sent events or as one JSON body. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.model_server.script import Block, Say, Text, Thinking, Use

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
_ids = count(1)
_PIECE = 24  # characters of text in one delta


def event(data: dict[str, Any]) -> bytes:
    """Encode one server-sent event."""
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


def error_body(status: int, message: str) -> dict[str, Any]:
    """Return the body of a refused request."""
    kind = ERROR_TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message or kind.replace("_", " ")}}


def message(model: str, answer: Say) -> dict[str, Any]:
    """Return the answer to a request that does not stream."""
    blocks = [_whole(block) for block in answer.blocks]
    return {**_head(model), "content": blocks, "stop_reason": _stop(answer), "usage": _usage(answer)}


def opening(model: str, answer: Say) -> bytes:
    """Return the event that begins a streamed answer."""
    head = {**_head(model), "content": [], "stop_reason": None}
    return event(
        {"type": "message_start", "message": {**head, "usage": {**_usage(answer), "output_tokens": 1}}}
    )


def block_events(index: int, block: Block, *, closed: bool = True) -> Iterator[bytes]:
    """Yield start, deltas and (unless the answer breaks off) stop of one block."""
    start, deltas = _parts(block)
    yield event({"type": "content_block_start", "index": index, "content_block": start})
    for delta in deltas:
        yield event({"type": "content_block_delta", "index": index, "delta": delta})
    if closed:
        yield event({"type": "content_block_stop", "index": index})


def closing(answer: Say) -> Iterator[bytes]:
    """Yield the events that end a streamed answer."""
    delta = {"stop_reason": _stop(answer), "stop_sequence": None}
    yield event({"type": "message_delta", "delta": delta, "usage": {"output_tokens": answer.output_tokens}})
    yield event({"type": "message_stop"})


def _head(model: str) -> dict[str, Any]:
    return {
        "id": f"msg_{next(_ids):06d}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "stop_sequence": None,
    }


def _stop(answer: Say) -> str:
    return "tool_use" if any(isinstance(block, Use) for block in answer.blocks) else "end_turn"


def _usage(answer: Say) -> dict[str, int]:
    return {
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }


def _whole(block: Block) -> dict[str, Any]:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Thinking(text):
            return {"type": "thinking", "thinking": text, "signature": "s"}
        case Use(tool, given):
            return {"type": "tool_use", "id": f"toolu_{next(_ids):06d}", "name": tool, "input": dict(given)}


def _parts(block: Block) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    whole = _whole(block)
    match block:
        case Text(text):
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(text)]
            return {**whole, "text": ""}, deltas
        case Thinking(text):
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(text)]
            return {**whole, "thinking": "", "signature": ""}, [
                *deltas,
                {"type": "signature_delta", "signature": "s"},
            ]
        case Use(_, given):
            pieces = _pieces(json.dumps(dict(given)))
            return {**whole, "input": {}}, [{"type": "input_json_delta", "partial_json": p} for p in pieces]


def _pieces(text: str) -> list[str]:
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)] or [""]
