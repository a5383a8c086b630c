"""Secrets in settings: from the environment or from files. A weak or readable one stops the start (S-47)."""

import os
import stat
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

MIN_SECRET_LENGTH: Final = 32
GENERATED_PREFIX: Final = "local-"
"""Prefix of the secrets that `make up` generates, so that production can refuse them."""


def strong(secret: SecretStr) -> SecretStr:
    """Refuse secrets that are short or look like a placeholder (S-47)."""
    value = secret.get_secret_value()
    if len(value) < MIN_SECRET_LENGTH:
        raise ValueError(f"must have at least {MIN_SECRET_LENGTH} characters")
    if len(set(value)) < 10 or "changeme" in value.lower():
        raise ValueError("looks like a placeholder; generate a random one, for example with `openssl rand -base64 48`")
    return secret


Secret = Annotated[SecretStr, AfterValidator(strong)]


class FileSettings(PydanticBaseSettingsSource):
    """Reads `NAME_FILE`: Docker and Kubernetes provide secrets as files."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = f"{field_name}_file".upper()
        path = os.environ.get(variable)
        if path and os.environ.get(field_name.upper()):
            raise ValueError(f"{variable}: {field_name.upper()} is set as well; say it once")
        try:
            return (read_secret(Path(path)) if path else None), field_name, False
        except ValueError as error:
            raise ValueError(f"{variable}: {error}") from error

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def read_secret(path: Path) -> str:
    """The file's text without the final line break.

    Raises:
        ValueError: it cannot be read, or everybody on this machine could read it. Secrets below /run/secrets are the
            exception: the folder itself belongs to the container.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:  # its own message holds a byte of the secret
        raise ValueError(f"{path} is not text in UTF-8") from error
    if mode & stat.S_IROTH and not path.is_relative_to("/run/secrets"):
        raise ValueError(f"{path} can be read by everybody; run `chmod 600 {path}`")
    return text.rstrip("\r\n")
