"""Whether a person can see the screen, as renderer and display server report it."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Renderers that draw on the processor, whatever shows it; none of them waits for a refresh.
_SOFTWARE = re.compile(
    r"llvmpipe|softpipe|lavapipe|swrast|swiftshader|swr \(|software (rasterizer|renderer)"
    r"|gdi generic|basic render|apple software",
    re.IGNORECASE,
)
# Graphics cards of virtual machines: what a person sees is drawn by another program.
_OF_MACHINES = re.compile(
    r"virgl|virtio|venus|svga3d|vmware|virtualbox|vboxvga|humper|innotek|parallels|qxl|bochs"
    r"|cirrus|hyper-v|d3d12|red hat",
    re.IGNORECASE,
)
# X servers that have a window or nothing where others have a screen.
_SERVERS = re.compile(
    r"xming|vcxsrv|hc-consult|cygwin|colin harrison|moba|starnet|hummingbird|nomachine|realvnc"
    r"|at&t laboratories|tightvnc|xquartz|xpra|x2go",
    re.IGNORECASE,
)
_EXTENSIONS = {
    "XWAYLAND": "Xwayland (log in to an X11 session)",
    "VNC-EXTENSION": "VNC",
    "TIGERVNC": "VNC",
    "NX-SHADOW": "NX",
}
_OUTPUTS = (
    ("XWAYLAND", _EXTENSIONS["XWAYLAND"]),
    ("VNC-", "VNC"),
    ("DUMMY", "the driver dummy"),
    ("rdp", "RDP"),
    ("nx", "NX"),
    ("VIRTUAL", "a virtual output"),
    ("Virtual", "a virtual output"),
    ("None-", "a virtual output"),
)
_OF_THIS_MACHINE = re.compile(r"(unix)?(/[^:]*)?:\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class ScreenOutput:
    """A connected output of the X server.

    Parameters
    ----------
    name : str
        Its name, such as ``"HDMI-1"``.
    has_edid : bool
        Whether a monitor has told there what it is.
    has_clock : bool
        Whether its modes have a rate at which pixels go out.
    width_mm : int
        How wide its picture is; 0 where that is not known.
    """

    name: str
    has_edid: bool
    has_clock: bool
    width_mm: int = 0


@dataclass(frozen=True, slots=True)
class Server:
    """What an X server reports about itself.

    Parameters
    ----------
    display : str
        Where it is, as in ``DISPLAY``.
    outputs : tuple of ScreenOutput or None
        Those to which a monitor is connected; None where the server does not say.
    """

    display: str
    vendor: str
    extensions: frozenset[str]
    outputs: tuple[ScreenOutput, ...] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a screen is virtual.

    Parameters
    ----------
    reason : str
        What gave it away; empty where people can see the screen.
    has_refresh : bool
        Whether flips may still wait for a refresh.
    """

    reason: str
    has_refresh: bool

    @property
    def is_virtual(self) -> bool:
        """Whether the screen is virtual."""
        return bool(self.reason)


def judged(renderer: str, server: Server | None) -> Verdict:
    """Judge a screen by its renderer and server.

    Returns virtual, if one of them gives it away.

    Parameters
    ----------
    server : Server or None
        The X server; None where there is none.

    Examples
    --------
    >>> judged("Mesa/X.org llvmpipe (LLVM 15.0.6, 256 bits)", None).reason
    'llvmpipe draws in software'
    """
    software = _SOFTWARE.search(renderer)
    if software is not None:
        return Verdict(f"{software[0]} draws in software", has_refresh=False)
    reason = "" if server is None else _of_server(server)
    outputs = None if server is None else server.outputs
    if reason:
        has_refresh = outputs is None or any(output.has_clock for output in outputs)
        return Verdict(reason, has_refresh=has_refresh or "Xwayland" in reason)
    machine = _OF_MACHINES.search(renderer)
    if machine is not None:
        return Verdict(f"{machine[0]} is the graphics card of a virtual machine", has_refresh=True)
    return Verdict("", has_refresh=True)


def ask_server() -> Server | None:
    """Ask the X server of this process's display.

    Returns None where there is no X server, such as on Windows.
    """
    name = os.environ.get("DISPLAY")
    if not name or not sys.platform.startswith("linux"):
        return None
    from Xlib import display, error  # of the extra [annotator]

    try:
        connection = display.Display(name)
    except error.DisplayError:
        return None
    try:
        return Server(
            display=name,
            vendor=str(connection.display.info.vendor),
            extensions=frozenset(connection.list_extensions()),
            outputs=_outputs(connection),
        )
    finally:
        connection.close()


def told_width_cm(server: Server | None) -> float | None:
    """Return how wide the only monitor says that it is; None where none, or several, say it."""
    outputs = () if server is None or server.outputs is None else server.outputs
    told_mm = [output.width_mm for output in outputs if output.has_edid and output.width_mm]
    return told_mm[0] / 10 if len(told_mm) == 1 else None


def _of_server(server: Server) -> str:
    if not _OF_THIS_MACHINE.fullmatch(server.display):
        return f"the screen is another machine's (DISPLAY is {server.display})"
    vendor = _SERVERS.search(server.vendor)
    if vendor is not None:
        return f"the X server is {server.vendor}"
    for extension, name in _EXTENSIONS.items():
        if extension in server.extensions:
            return f"the X server is {name}"
    return "" if server.outputs is None else _of_outputs(server.outputs)


def _of_outputs(outputs: Sequence[ScreenOutput]) -> str:
    if not outputs:
        return "no monitor is connected"
    kinds = [
        next((kind for beginning, kind in _OUTPUTS if output.name.startswith(beginning)), "")
        for output in outputs
    ]
    if any(output.has_edid and not kind for output, kind in zip(outputs, kinds, strict=True)):
        return ""
    for output, kind in zip(outputs, kinds, strict=True):
        if kind:
            return f"the output {output.name} is {kind}"
    names = ", ".join(output.name for output in outputs)
    return f"no monitor has given its name at the output {names} (no EDID)"


def _outputs(connection: Any) -> tuple[ScreenOutput, ...] | None:  # noqa: ANN401
    from Xlib import error  # of the extra [annotator]
    from Xlib.ext import randr

    if not connection.has_extension("RANDR"):
        return None
    root = connection.screen().root
    try:
        resources = root.xrandr_get_screen_resources()
        clocks = {mode["id"]: mode["dot_clock"] for mode in resources.modes}
        described = [
            (output, connection.xrandr_get_output_info(output, resources.config_timestamp))
            for output in resources.outputs
        ]
        found = tuple(
            ScreenOutput(
                name=str(info.name),
                has_edid=_has_edid(connection, output),
                has_clock=any(clocks.get(mode, 0) > 0 for mode in info.modes),
                width_mm=int(info.mm_width),
            )
            for output, info in described
            if info.connection == randr.Connected
        )
    except error.XError:
        return None
    return found if resources.outputs else None


def _has_edid(connection: Any, output: int) -> bool:  # noqa: ANN401
    atoms = connection.xrandr_list_output_properties(output).atoms
    return any(connection.get_atom_name(atom) in ("EDID", "EDID_DATA") for atom in atoms)
