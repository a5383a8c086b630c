"""`make pin-images`: write the current digest beside the tag of each base image.

Tags float: without a digest, two builds of one commit may differ. The engine gets the digests from the registry. Run
it again to get newer bases, as a change that can be reviewed and reverted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from deploy.docker.compose import ROOT, DockerFailed, docker

FILES: Final = ("deploy/docker/Dockerfile", "deploy/gateway/Dockerfile", "docker-compose.yml")
"""Files that name base images. Not overlays/local: images from `kind load` have no digest in the cluster."""
IMAGE: Final = re.compile(
    r"(?P<before>^ARG (?:BASE|CADDY)=|^ *image: (?!trivium-))(?P<tag>[a-z0-9./-]+:[A-Za-z0-9._-]+)"
    r"(?:@(?P<digest>\S+))?$",
    re.MULTILINE,
)
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def named(texts: Mapping[str, str]) -> Iterator[tuple[str, str, str | None]]:
    """File, tag and digest of each base image."""
    for file, text in texts.items():
        for found in IMAGE.finditer(text):
            yield file, found["tag"], found["digest"]


def errors(texts: Mapping[str, str]) -> Iterator[str]:
    """Violations of the rules: all images have a digest or none has, and each tag has only one digest."""
    images = list(named(texts))
    pinned = any(digest for _, _, digest in images)
    known: dict[str, str | None] = {}
    for file, tag, digest in images:
        if digest and not DIGEST.fullmatch(digest):
            yield f"{file}: the digest of {tag} is none"
        elif pinned and not digest:
            yield f"{file}: {tag} floats, while others have a digest: make pin-images"
        elif known.setdefault(tag, digest) != digest:
            yield f"{file}: {tag} has another digest than elsewhere: make pin-images"


def state(texts: Mapping[str, str]) -> str:
    """A line that says whether the base images have digests."""
    images = list(named(texts))
    if any(digest for _, _, digest in images):
        return "base images: by digest"
    return f"base images: by tag ({', '.join(sorted({tag for _, tag, _ in images}))}); `make pin-images` writes digests"


def pinned(texts: Mapping[str, str], digest_of: Callable[[str], str]) -> dict[str, str]:
    """The files' new contents, with the current digest beside each tag."""
    digests = {tag: digest_of(tag) for tag in sorted({tag for _, tag, _ in named(texts)})}
    return {
        file: IMAGE.sub(lambda found: f"{found['before']}{found['tag']}@{digests[found['tag']]}", text)
        for file, text in texts.items()
    }


def registrys(tag: str) -> str:
    """The digest of a multi-platform image, from its registry.

    Raises:
        DockerFailed: the registry does not answer, or the answer has no digest.
    """
    digest = docker("buildx", "imagetools", "inspect", tag, "--format", "{{.Manifest.Digest}}")
    if not DIGEST.fullmatch(digest):
        raise DockerFailed(f"the engine names no digest of {tag}")
    return digest


def read(root: Path = ROOT) -> dict[str, str]:
    return {file: (root / file).read_text() for file in FILES}


def main() -> int:
    """Update all files or none."""
    try:
        found = pinned(read(), registrys)
    except (DockerFailed, FileNotFoundError) as error:
        sys.exit(f"{error}: nothing was changed; this needs Docker with buildx, and a way to the registry")
    for file, text in found.items():
        (ROOT / file).write_text(text)
    sys.stdout.write("".join(f"{tag}@{digest}\n" for tag, digest in sorted({(t, d or "") for _, t, d in named(found)})))
    return 0


if __name__ == "__main__":
    sys.exit(main())
