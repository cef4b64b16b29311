"""A screen and a sound card that are not there: Xvfb and a private PulseAudio with a null sink."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from study.errors import StageError
from study.processes.parents import end_with_parent

SINK_NAME = "avmit"  # record what was played: parec -d avmit.monitor
_PATIENCE_S = 20.0
_PACKAGES = {"Xvfb": "xvfb", "pulseaudio": "pulseaudio"}
# The address of a socket has 107 bytes, and arguments of PulseAudio's modules end at a blank.
_FIT_FOR_SOCKETS = re.compile(r"[\w./-]{1,60}", re.ASCII)


@contextmanager
def virtual_station(width_px: int = 1280, height_px: int = 800) -> Iterator[dict[str, str]]:
    """Yield an environment whose programs open windows and play sound without hardware.

    Both servers belong to this process alone and end with it, even if it is killed.

    Yields
    ------
    dict of str to str
        A copy of this process's environment with ``DISPLAY`` and ``PULSE_SERVER`` set; pass it
        to a subprocess as ``env``.

    Raises
    ------
    StageError
        If Xvfb or PulseAudio is not installed or does not start.
    """
    require_servers()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_socket_folder()))
        environment = dict(os.environ)
        environment.pop("WAYLAND_DISPLAY", None)
        screen = f"{width_px}x{height_px}x24"
        environment["DISPLAY"] = stack.enter_context(_x_server(screen, folder))
        environment["PULSE_SERVER"] = stack.enter_context(sound_server(folder))
        yield environment


def require_servers() -> None:
    """Raise if the programs of a virtual station are not installed.

    Raises
    ------
    StageError
        If Xvfb or PulseAudio is not there; names the package.
    """
    for program, package in _PACKAGES.items():
        if shutil.which(program) is None:
            raise StageError(
                f"{program} is not installed, and there is no screen or sound card to use "
                f"instead. Install it (Debian: apt-get install {package})"
            )


def _socket_folder() -> tempfile.TemporaryDirectory[str]:
    usual = tempfile.gettempdir()
    place = usual if _FIT_FOR_SOCKETS.fullmatch(usual) else "/tmp"
    return tempfile.TemporaryDirectory(prefix="avmit-station-", dir=place)


@contextmanager
def _x_server(screen: str, folder: Path) -> Iterator[str]:
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen]
    command += ["+extension", "GLX", "-nolisten", "tcp", "-noreset"]
    with os.fdopen(reading) as answer, _server(command, folder, dict(os.environ), writing):
        number = answer.readline().strip()  # the server writes it when it takes clients
        if not number:
            raise StageError(
                f"Xvfb did not start: {_last_words(folder, 'Xvfb')}. "
                "Install it (Debian: xvfb), or use a screen"
            )
        yield f":{number}"


@contextmanager
def sound_server(folder: Path) -> Iterator[str]:
    """Run a sound server of its own, with a sink that nobody hears.

    Parameters
    ----------
    folder : Path
        Where it keeps its socket and its log.

    Yields
    ------
    str
        Its address, for ``PULSE_SERVER``; the same folder gives the same one again.

    Raises
    ------
    StageError
        If it does not start.
    """
    address = folder / "native"
    protocol = f"module-native-protocol-unix auth-anonymous=1 socket={address}"
    protocol += " auth-cookie-enabled=0"  # else it needs a home that it can write to
    sink = f"module-null-sink sink_name={SINK_NAME} rate=48000 channels=2 format=float32le"
    # Without this a sink that ran dry, or runs for the first time, sleeps up to two seconds.
    sink += " norewinds=1"
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    # The socket last: whoever finds it finds the sink behind it.
    command += ["-L", sink, "-L", protocol]
    private = {"PULSE_RUNTIME_PATH": str(folder), "PULSE_STATE_PATH": str(folder)}
    environment = {k: v for k, v in os.environ.items() if k != "PULSE_SERVER"} | private
    with _server(command, folder, environment) as server:
        _wait_for(address, server, folder)
        yield f"unix:{address}"


@contextmanager
def _server(
    command: list[str], folder: Path, environment: dict[str, str], *inherited: int
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{command[0]}.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            pass_fds=inherited,
            preexec_fn=end_with_parent,
        )
    for handle in inherited:
        os.close(handle)  # so that reading ends when the server does
    try:
        yield server
    finally:
        _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_for(address: Path, server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not _answers(address):
        if server.poll() is not None or time.monotonic() > deadline:
            raise StageError(
                f"PulseAudio did not start: {_last_words(folder, 'pulseaudio')}. "
                "Install it (Debian: pulseaudio), or use a screen"
            )
        time.sleep(0.05)


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(address)) == 0


def _last_words(folder: Path, program: str) -> str:
    words = (folder / f"{program}.log").read_text(errors="replace").split("\n")
    return " ".join(line for line in words[-5:] if line) or "it said nothing"
