"""Create `.venv` with exactly the packages of requirements-dev.lock, if it is not up to date.

Any `python3` runs this, so it has only the standard library, and no syntax newer than Python 3.6: an old Python must
reach the message that it is too old. uv installs (2 s instead of 30 s); if it cannot, pip installs from the same
hashes.

`.venv/trivium-stamp` names the installed packages. It is removed before an installation and written after it. So a
`.venv` without one was interrupted, and is created again.
"""

import sys

MINIMUM = (3, 11)
if sys.version_info < MINIMUM:
    sys.exit(
        "Trivium needs Python 3.11 or later, and this is Python {}.{}. Install a newer one, and name it if it "
        "is not `python3`: make up PYTHON=python3.11".format(*sys.version_info)
    )

import fcntl  # noqa: E402
import hashlib  # noqa: E402
import importlib.util  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "trivium-stamp"
LOCK = ROOT / "requirements-dev.lock"
OURS = [ROOT / "libs/common/pyproject.toml", *sorted(ROOT.glob("services/*/pyproject.toml"))]
# Inside a virtual environment this is its base Python: .venv must not be created from itself.
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)


class InstallError(Exception):
    """A message for the user, in one line."""


def main() -> None:
    """Install if anything has changed; one process at a time."""
    with LOCK.open() as lock:  # any file that always exists
        fcntl.flock(lock, fcntl.LOCK_EX)
        if current_stamp() == wanted_stamp():
            return
        started = time.monotonic()
        say("installing what requirements-dev.lock names into .venv")
        if not STAMP.exists():
            shutil.rmtree(str(VENV), ignore_errors=True)
            make_venv()
        else:
            STAMP.unlink()
        install()
        STAMP.write_text(wanted_stamp())
        say(f"installed in {time.monotonic() - started:.0f} s")


def say(text: str) -> None:
    """Print to standard error: standard output belongs to the command that follows."""
    sys.stderr.write(f"bootstrap | {text}\n")


def wanted_stamp() -> str:
    """Identify everything that determines the content of `.venv`, its place and Python included."""
    digest = hashlib.sha256(str(VENV).encode())
    for path in [LOCK, Path(__file__), *OURS]:
        digest.update(path.read_bytes())
    return f"{digest.hexdigest()} {os.path.realpath(str(PYTHON))}"


def current_stamp() -> str:
    """Read the stamp of `.venv`; empty if its Python is gone."""
    return STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""


def make_venv() -> None:
    """Create an empty environment, with pip if Python has ensurepip (Debian packages it separately)."""
    bundled = importlib.util.find_spec("ensurepip") is not None
    if not bundled and importlib.util.find_spec("pip") is None:
        raise InstallError("this Python has neither ensurepip nor pip: apt-get install python3-venv, or python3-pip")
    run([BASE_PYTHON, "-m", "venv", str(VENV), *([] if bundled else ["--without-pip"])])


def pip() -> "list[str]":
    """The command of the environment's own pip, or of the machine's."""
    if list(VENV.glob("lib/python*/site-packages/pip")):
        return [str(PYTHON), "-m", "pip"]
    return [BASE_PYTHON, "-m", "pip", "--python", str(PYTHON)]


def install() -> None:
    """Install the locked packages, then our own, editable."""
    ours = ["--no-deps", "--no-build-isolation"]
    for package in OURS:
        ours += ["-e", str(package.parent)]
    locked = ["--require-hashes", "-r", str(LOCK)]
    try:
        install_uv()
        uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
        run([*uv, *locked])
        run([*uv, *ours])
    except (subprocess.CalledProcessError, OSError):
        say("uv could not do it; trying pip, which takes about a minute")
        run([*pip(), "install", "--quiet", *locked])
        run([*pip(), "install", "--quiet", *ours])


def install_uv() -> None:
    """Install only the locked uv, from its block of the lock: pip allows no constraints with hashes."""
    block: list[str] = []  # its line, and the indented hashes
    for line in LOCK.read_text().splitlines():
        if line.startswith("uv==") or (block and line.startswith(" ")):
            block.append(line)
        elif block:
            break
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirement:
        requirement.write("\n".join(block) + "\n")
        requirement.flush()
        run([*pip(), "install", "--quiet", "--no-deps", "--require-hashes", "-r", requirement.name])


def run(command: "list[str]") -> None:
    """Run one step. If it fails, the user sees its own error output."""
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")
    subprocess.run(command, check=True, cwd=str(ROOT), env=environment, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("bootstrap | interrupted; the next run starts again")
    except (InstallError, OSError) as error:
        sys.exit(f"bootstrap | {error}")
    except subprocess.CalledProcessError as error:
        sys.exit("bootstrap | failed (see above): " + " ".join(error.cmd[:6]))
