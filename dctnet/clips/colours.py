"""Filters of ffmpeg that bring the colours of a video to 8-bit BGR as players show them, HDR too."""
import logging
import re

from dctnet.clips import ffmpeg

_HD_LINES = 720  # from here on, files that do not tell have the colours of HD, as players take it
_HDR = re.compile(r'arib-std-b67|smpte2084')  # HLG and PQ, as ffmpeg calls them
# Light of 203 cd/m2, the white of graphics in HDR (ITU-R BT.2408), becomes nearly white; what is brighter is pressed
# together above it.
_TONE_MAPPING = ['zscale=t=linear:npl=203', 'format=gbrpf32le', 'zscale=p=bt709', 'tonemap=mobius:desat=0',
                 'zscale=t=bt709:m=gbr:r=full', 'format=gbrp']
_log = logging.getLogger(__name__)


def to_bgr(video: str, height: int, width: int) -> str:
    """The filters, for frames of this size in pixels.

    video: what ffmpeg says of the stream. If it is HDR and this ffmpeg cannot map its tones, a warning tells it, and
        the frames look pale.
    """
    filters, scaling = [], [f'scale={width}:{height}', 'flags=bicubic+accurate_rnd+full_chroma_int']
    is_hdr = _HDR.search(video) is not None
    if is_hdr and _maps_tones():
        filters = _TONE_MAPPING
    elif is_hdr:
        _log.warning('an HDR clip looks pale: %s lacks the filters zscale and tonemap; name one that has them in '
                     'IMAGEIO_FFMPEG_EXE (pip install imageio-ffmpeg brings one)', ffmpeg.program())
    elif 'yuv' in video and height >= _HD_LINES and not _tells_its_colours(video):
        scaling.append('in_color_matrix=bt709')
    return ','.join([*filters, ':'.join(scaling)])


def _tells_its_colours(video: str) -> bool:
    described = re.search(r'\byuv\w*\(([^)]*)\)', video)
    return described is not None and re.search(r'bt|smpte|fcc|ycgco|gbr', described.group(1)) is not None


def _maps_tones() -> bool:
    listed = ffmpeg.run(['-filters'])[1].decode('utf-8', 'replace')
    return all(f' {name} ' in listed for name in ('zscale', 'tonemap'))
