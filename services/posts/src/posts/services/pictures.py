"""Which pictures a text shows."""

import html
import re
from collections.abc import Sequence
from typing import Final

NAME: Final = re.compile("(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def names_in(text: str) -> Sequence[str]:
    """Names of pictures that the text shows in Markdown, where characters may also be typed as `&#55;` or `\\.`."""
    return sorted(set(NAME.findall(html.unescape(text).replace("\\", ""))))
