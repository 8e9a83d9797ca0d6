"""The planner that asks a multimodal model, and its ways to reach one."""

from zdg_jax.planning.model.backend import Answer, Backend, RefusalError, Request, TransientError
from zdg_jax.planning.model.cache import AnswerCache
from zdg_jax.planning.model.gemini import Gemini
from zdg_jax.planning.model.limits import Ledger, Limits
from zdg_jax.planning.model.manual import Manual
from zdg_jax.planning.model.openai_compatible import OpenAICompatible
from zdg_jax.planning.model.ranking import Look, Ranking
from zdg_jax.planning.model.session import Exchange, Session

__all__ = [
    "Answer",
    "AnswerCache",
    "Backend",
    "Exchange",
    "Gemini",
    "Ledger",
    "Limits",
    "Look",
    "Manual",
    "OpenAICompatible",
    "Ranking",
    "RefusalError",
    "Request",
    "Session",
    "TransientError",
]
