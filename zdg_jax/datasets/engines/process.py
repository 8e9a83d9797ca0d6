"""A worker process: reads requests from its standard input, writes answers to its first output.

python -m zdg_jax.datasets.engines.process FOLDER CORES

It ends at once where its input ends: no worker outlives the run that started it. Requests with a
`slot` are answered by threads, several at a time, and the answer names the slot.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from typing import Any

from zdg_jax.datasets.engines.cores import claim_cores


def main(root: str, cores: int) -> None:
    """Answers requests until there are no more.

    Args:
        root: folder of the dataset.
        cores: cores to keep to, where they are free.
    """
    claim_cores(cores)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            requests.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    from zdg_jax.datasets.answering import Answering

    answering, writing = Answering(root), threading.Lock()

    def answer(request: dict[str, Any]) -> None:
        said = answering.answer(request)
        if "slot" in request:
            said["slot"] = request["slot"]
        with writing:
            answers.write(json.dumps(said) + "\n")
            answers.flush()

    while True:
        request = json.loads(requests.get())
        if "slot" in request:
            threading.Thread(target=answer, args=(request,), daemon=True).start()
        else:
            answer(request)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
