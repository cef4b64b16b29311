"""The four networks: their definitions, and how their weight files name the layers."""

from features.networks.efficientnetb0 import INPUT_SHAPE as EFFICIENTNET_INPUT
from features.networks.efficientnetb0 import efficientnetb0
from features.networks.network_spec import NetworkSpec
from features.networks.vgg16 import INPUT_SHAPE as VGG16_INPUT
from features.networks.vgg16 import vgg16
from features.networks.vggish import INPUT_SHAPE as VGGISH_INPUT
from features.networks.vggish import vggish
from features.networks.yamnet import BATCH_NORM_EPSILON as YAMNET_EPSILON
from features.networks.yamnet import INPUT_SHAPE as YAMNET_INPUT
from features.networks.yamnet import yamnet

_LOG_MEL = (-2.5, 2.0)  # mean and spread of log-mel patches of everyday sound


def _norm_of_efficientnet(name: str) -> str | None:
    if name.endswith(("se_reduce", "se_expand")):
        return None
    return name.replace("dwconv", "bn").replace("conv", "bn")


NETWORKS: dict[str, NetworkSpec] = {
    "yamnet": NetworkSpec(
        "YAMNet", yamnet, YAMNET_INPUT, lambda n: f"{n}/bn", YAMNET_EPSILON, *_LOG_MEL
    ),
    "vggish": NetworkSpec(
        "VGGish", vggish, VGGISH_INPUT, input_mean=_LOG_MEL[0], input_spread=_LOG_MEL[1]
    ),
    "vgg16": NetworkSpec("VGG-16", vgg16, VGG16_INPUT, input_spread=64.0),
    "efficientnetb0": NetworkSpec(
        "EfficientNetB0", efficientnetb0, EFFICIENTNET_INPUT, _norm_of_efficientnet
    ),
}
