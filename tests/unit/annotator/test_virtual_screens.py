"""Virtual screens are told by what renderer and server say, however fast or slowly they draw."""

import pytest

from annotator.rig.grades import UNGRADED, require_real_screen
from annotator.window.virtual import ScreenOutput, Server, Verdict, judged, told_width_cm
from study.errors import StageError

XORG = "The X.Org Foundation"
EXTENSIONS = frozenset({"RANDR", "GLX", "XKEYBOARD"})
MONITOR = ScreenOutput("HDMI-1", has_edid=True, has_clock=True)
CARD = "NVIDIA Corporation NVIDIA T400/PCIe/SSE2"
CARDS = (
    CARD,
    "Intel Mesa Intel(R) UHD Graphics 630 (CFL GT2)",
    "AMD AMD Radeon RX 6400 (navi24, LLVM 15.0.6, DRM 3.49)",
    "nouveau NV137",
)


def server(*outputs, display=":0", vendor=XORG, extensions=EXTENSIONS):
    return Server(display, vendor, frozenset(extensions), outputs)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("display", [":0", ":1.0", "unix:0", "unix/:0"])
def test_a_graphics_card_with_a_monitor_is_real(card, display):
    assert judged(card, server(MONITOR, display=display)) == Verdict("", has_refresh=True)


@pytest.mark.parametrize(
    "renderer",
    [
        "Mesa/X.org llvmpipe (LLVM 15.0.6, 256 bits)",
        "VMware, Inc. llvmpipe (LLVM 9.0, 256 bits)",
        "Mesa softpipe",
        "Google Inc. (Google) ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)))",
        "Mesa Project Software Rasterizer",
        "Microsoft Corporation GDI Generic",
        "Apple Computer, Inc. Apple Software Renderer",
        "Mesa zink Vulkan 1.3(llvmpipe (LLVM 17, 256 bits) (MESA_LLVMPIPE))",
    ],
)
def test_software_is_virtual_even_with_a_monitor_and_waits_for_no_refresh(renderer):
    verdict = judged(renderer, server(MONITOR))
    assert (verdict.is_virtual, verdict.has_refresh) == (True, False)
    assert verdict.reason.endswith("draws in software")


@pytest.mark.parametrize(
    "renderer",
    [
        "VMware, Inc. SVGA3D; build: RELEASE;  LLVM;",
        "Mesa/X.org virgl (AMD Radeon)",
        "Red Hat virgl",
        "Mesa Virtio-GPU Venus (NVIDIA T400)",
        "Humper Chromium",
        "Parallels and Apple Parallels using Apple M1",
        "Microsoft Corporation D3D12 (NVIDIA T400)",
    ],
)
def test_the_graphics_card_of_a_virtual_machine_is_virtual(renderer):
    verdict = judged(renderer, server(MONITOR))
    assert "virtual machine" in verdict.reason
    assert judged(renderer, None).is_virtual


@pytest.mark.parametrize(
    ("asked", "has_refresh", "said"),
    [
        # Xvfb, Xephyr
        (server(ScreenOutput("screen", False, False)), False, "at the output screen (no EDID)"),
        (server(ScreenOutput("default", False, False)), False, "at the output default (no EDID)"),
        (server(ScreenOutput("VNC-0", False, True), extensions={"VNC-EXTENSION"}), True, "is VNC"),
        (server(ScreenOutput("VNC-0", False, True)), True, "the output VNC-0 is VNC"),
        (server(ScreenOutput("DUMMY0", False, True)), True, "the driver dummy"),
        (server(ScreenOutput("XWAYLAND0", False, True)), True, "an X11 session"),
        (server(ScreenOutput("eDP-1", False, False), extensions={"XWAYLAND"}), True, "Xwayland"),
        (server(ScreenOutput("rdp0", False, True)), True, "RDP"),
        (server(ScreenOutput("Virtual-1", True, True)), True, "a virtual output"),
        (server(ScreenOutput("HDMI-1", False, True)), True, "at the output HDMI-1 (no EDID)"),
        (server(), False, "no monitor is connected"),
        (server(MONITOR, display="localhost:10.0"), True, "another machine's"),
        (server(MONITOR, vendor="Colin Harrison"), True, "the X server is Colin Harrison"),
    ],
)  # fmt: skip
def test_a_server_without_a_monitor_is_virtual_even_with_a_graphics_card(asked, has_refresh, said):
    verdict = judged(CARD, asked)
    assert said in verdict.reason
    assert verdict.has_refresh is has_refresh


def test_one_real_monitor_beside_a_virtual_output_is_enough():
    assert not judged(CARD, server(ScreenOutput("VIRTUAL1", False, True), MONITOR)).is_virtual


def test_a_server_that_cannot_tell_its_outputs_is_believed():
    assert not judged(CARD, Server(":0", XORG, EXTENSIONS, None)).is_virtual
    assert not judged(CARD, None).is_virtual  # such as on Windows


def test_a_grade_of_another_screen_does_not_count_on_a_virtual_one():
    virtual = {"is_virtual": True, "virtual_because": "llvmpipe draws in software"}
    real = {"is_virtual": False, "virtual_because": ""}
    for allowed in (True, False):
        assert require_real_screen("A", real, host="pc1", ungraded_allowed=allowed) == "A"
    assert require_real_screen("A", virtual, host="pc1", ungraded_allowed=True) == UNGRADED
    with pytest.raises(StageError, match=r"a virtual screen \(llvmpipe draws in software\), which"):
        require_real_screen("A", virtual, host="pc1", ungraded_allowed=False)


def test_the_width_of_a_screen_is_what_its_only_monitor_says():
    wide = ScreenOutput("HDMI-1", has_edid=True, has_clock=True, width_mm=598)
    silent = ScreenOutput("screen", has_edid=False, has_clock=False, width_mm=339)
    assert told_width_cm(server(wide, silent)) == 59.8
    for said in (server(silent), server(wide, wide), server(), server(MONITOR), None):
        assert told_width_cm(said) is None
