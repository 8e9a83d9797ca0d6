"""The exceptions of the library.

Every message names the value that is wrong, the limit it breaks and the way out, so that the
command line can print it as its one line and exit.
"""


class ZdgError(Exception):
    """Base of every error that the library raises on purpose."""


class InputError(ZdgError, ValueError):
    """A value from outside (a file, an argument, a model's answer) cannot be used as it is."""


class PlannerError(ZdgError, RuntimeError):
    """The planner's model or its server gave no usable answer within its bounds."""


class ValidationError(ZdgError, RuntimeError):
    """A physics backend cannot run the scene that it was given."""
