"""What do all sections of config.yaml have in common?"""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of config.yaml: unknown keys are refused, types are strict, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
