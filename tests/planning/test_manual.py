"""Manual planning: folders out, answers in."""

from __future__ import annotations

import json
import pathlib
import threading
import time

import pytest

from zdg_jax.errors import InputError, PlannerError
from zdg_jax.planning.model import Manual, Request


def question() -> Request:
    return Request(
        stage="1-object",
        system="standing",
        prompt="what is it?",
        images=(b"png",),
        captions=("a view",),
        schema={"type": "object"},
    )


def write_later(path: pathlib.Path, *pieces: str) -> threading.Thread:
    def work() -> None:
        deadline = time.monotonic() + 10
        while not (path.parent / "prompt.md").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        for piece in pieces:
            with path.open("a") as file:
                file.write(piece)
            time.sleep(0.1)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_question_is_written_and_answer_read(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "01-1-object"
    thread = write_later(folder / "answer.json", '{"a": ', "1}")
    answer = Manual(tmp_path).ask(question(), timeout=10)
    thread.join()
    assert json.loads(answer.text) == {"a": 1}
    assert (folder / "image-1.png").read_bytes() == b"png"
    assert json.loads((folder / "schema.json").read_text()) == {"type": "object"}
    prompt = (folder / "prompt.md").read_text()
    assert all(text in prompt for text in ("standing", "what is it?", "image-1.png: a view"))


def test_each_question_has_its_own_folder(tmp_path: pathlib.Path) -> None:
    manual = Manual(tmp_path)
    for number in (1, 2):
        thread = write_later(tmp_path / f"{number:02d}-1-object" / "answer.json", "{}")
        manual.ask(question(), timeout=10)
        thread.join()


def test_old_answer_is_not_taken_for_a_new_one(tmp_path: pathlib.Path) -> None:
    old = tmp_path / "01-1-object" / "answer.json"
    old.parent.mkdir()
    old.write_text('{"old": true}')
    with pytest.raises(PlannerError, match="no answer"):
        Manual(tmp_path).ask(question(), timeout=0.5)


def test_folder_that_cannot_be_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        Manual(tmp_path / "file" / "folder")
