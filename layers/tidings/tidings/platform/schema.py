"""The base of models of input and output."""

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """A pydantic model that is built at its first use.

    A function uses a few of the models in the modules that it imports, and to build all of them
    would prolong each cold start (docs/decisions/0135).
    """

    model_config = ConfigDict(defer_build=True)
