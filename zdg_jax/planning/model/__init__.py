"""The planner that asks a multimodal model, and its ways to reach one."""

from zdg_jax.planning.model.answer_cache import AnswerCache
from zdg_jax.planning.model.backend import Answer, Backend, RefusalError, Request, TransientError
from zdg_jax.planning.model.budget import CallBudget, Limits
from zdg_jax.planning.model.gemini import Gemini
from zdg_jax.planning.model.manual import Manual
from zdg_jax.planning.model.openai_compatible import OpenAICompatible
from zdg_jax.planning.model.session import Exchange, Session

__all__ = [
    "Answer",
    "AnswerCache",
    "Backend",
    "CallBudget",
    "Exchange",
    "Gemini",
    "Limits",
    "Manual",
    "OpenAICompatible",
    "RefusalError",
    "Request",
    "Session",
    "TransientError",
]
