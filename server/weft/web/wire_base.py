"""What all wire models stand on: no unknown fields, nothing converted in silence, and JSON as it came."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, SkipValidation

from weft.errors import JSON

# What comes in was read by the strict reader and what goes out was made by weft, so that going through the
# recursive union once more would only cost time; the description still shows it.
JSONValue = Annotated[JSON, SkipValidation]
"""Any JSON value."""


class Wire(BaseModel):
    """A message of the API; its validator is built when the first one comes, since few kinds ever do."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
