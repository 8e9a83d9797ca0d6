"""A local model server that speaks Gemini's and OpenAI's protocols, and misbehaves on demand."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable
from typing import Any

KEY = "sk-test-7f3c9a1e5b2d4f60"
"""A key that must appear in no log, file or error."""


class Reply:
    """One thing that the server does with a request."""

    def __init__(
        self,
        text: str | None = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        delay: float = 0.0,
        cut: bool = False,
        drip: bool = False,
        raw: str | None = None,
        refusal: bool = False,
        limit: bool = False,
        empty: bool = False,
    ) -> None:
        self.text, self.status, self.headers = text, status, headers or {}
        self.delay, self.cut, self.drip, self.raw = delay, cut, drip, raw
        self.refusal, self.empty, self.limit = refusal, empty, limit


def schema_of(body: dict[str, Any]) -> dict[str, Any]:
    """The schema that a request's body asks for, in either protocol."""
    if "generationConfig" in body:
        config = body["generationConfig"]
        return config.get("responseJsonSchema") or config["response_json_schema"]
    return body["response_format"]["json_schema"]["schema"]


class ModelServer:
    """Answers requests with replies from a list, or from a function of the request's body.

    `requests` holds (path, headers, body) of everything that came in.
    """

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.script: Callable[[str], str] | None = None
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.times: list[float] = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(length))
                owner.requests.append((self.path, dict(self.headers), body))
                owner.times.append(time.monotonic())
                owner._answer(self, body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        self._lock = threading.Lock()
        self._stop = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()

    def prompt(self, index: int = -1) -> str:
        """All text of a request."""
        return prompt_of(self.requests[index][2])

    def _answer(self, handler: http.server.BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        with self._lock:
            reply = self.replies.pop(0) if self.replies else None
        if reply is None:
            assert self.script is not None, "the server has no reply left"
            reply = Reply(self.script(prompt_of(body)))
        self._stop.wait(reply.delay)
        gemini = "generateContent" in handler.path
        if reply.raw is not None:
            payload = reply.raw
        elif reply.status != 200:
            error = {"code": reply.status, "message": reply.text or "no", "status": "NO"}
            payload = json.dumps({"error": error})
        elif gemini:
            payload = json.dumps(_gemini(reply))
        else:
            payload = json.dumps(_openai(reply))
        data = payload.encode()
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        try:
            if reply.cut:
                handler.wfile.write(data[: len(data) // 2])
                handler.close_connection = True
                return
            if reply.drip:
                for byte in data:
                    handler.wfile.write(bytes([byte]))
                    handler.wfile.flush()
                    if self._stop.wait(0.05):
                        return
                return
            handler.wfile.write(data)
        except OSError:
            handler.close_connection = True


def prompt_of(body: dict[str, Any]) -> str:
    """All text of a request's body, in either protocol."""
    texts = []
    for content in body.get("contents", []):
        texts += [part["text"] for part in content["parts"] if "text" in part]
    for message in body.get("messages", []):
        content = message["content"]
        if isinstance(content, str):
            texts.append(content)
        else:
            texts += [part["text"] for part in content if part["type"] == "text"]
    return "\n".join(texts)


def _gemini(reply: Reply) -> dict[str, Any]:
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120}
    if reply.refusal:
        return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}
    if reply.empty:
        return {"candidates": [], "usageMetadata": usage}
    content = {"role": "model", "parts": [{"text": reply.text}]}
    finish = "MAX_TOKENS" if reply.limit else "STOP"
    candidate = {"content": content, "finishReason": finish, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage}


def _openai(reply: Reply) -> dict[str, Any]:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.refusal:
        message |= {"content": None, "refusal": "I cannot help with that."}
    finish = "length" if reply.limit else "stop"
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "test",
        "choices": [] if reply.empty else choices,
        "usage": usage,
    }
