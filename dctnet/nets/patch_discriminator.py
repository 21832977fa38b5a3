"""Spectral-norm patch discriminator (RECIPE.md, TTN): its variables once, applied to as many batches as needed."""
from dctnet.compat import tf
from dctnet.nets.spectral_trunk import SpectralConv, SpectralTrunk


class PatchDiscriminator:
    """One score a patch of 8 × 8 pixels. `scope` names the variables: disc_gray (texture) or disc_blur (surface).

    The spectral-norm trunk, then 1×1 to one logit. All kernels share one power iteration a step, run by
    `power_iteration`.
    """

    def __init__(self, scope: str, in_channels: int, channels: int = 32) -> None:
        with tf.variable_scope(scope):
            self._trunk = SpectralTrunk(in_channels, channels)
            self._out = SpectralConv('conv_out', 1, self._trunk.outputs, 1)
        convs = self._trunk.convs + [self._out]
        self.variables = [variable for conv in convs for variable in conv.variables]
        self.power_iteration = [conv.advance for conv in convs]

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """[N, H, W, in_channels] in [-1, 1] -> logits [N, H/8, W/8, 1]."""
        return self._out(self._trunk(x))
