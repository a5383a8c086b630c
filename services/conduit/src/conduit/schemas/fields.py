"""Field types of the RealWorld API: camelCase names, times in milliseconds, and texts that must not be empty."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from common.schemas import no_nul

NOT_GIVEN: Final[Any] = None  # the default of fields that may be left out but are never null


class Body(BaseModel):
    """A request body. Unknown members are ignored, as clients of that API expect."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Shown(BaseModel):
    """A response body, made from a record."""

    model_config = ConfigDict(from_attributes=True, alias_generator=AliasGenerator(serialization_alias=to_camel))


def not_empty(value: Any) -> Any:
    if value is None or value == "":
        raise PydanticCustomError("blank", "can't be blank")
    return value


def in_milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


Plain = Annotated[str, AfterValidator(no_nul)]
Filled = Annotated[Plain, BeforeValidator(not_empty)]
Bio = Annotated[Plain, Field(max_length=1000)]
Image = Annotated[Plain, Field(max_length=2000)]
Millis = Annotated[
    datetime, PlainSerializer(in_milliseconds, return_type=str), Field(examples=["2026-11-22T13:28:00.123Z"])
]
