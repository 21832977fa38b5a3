"""Raw frames with times of their own as a Matroska stream, which ffmpeg reads from a pipe: its raw formats know
constant rates only. Element numbers: RFC 9559."""
import struct

import numpy as np


def header(height: int, width: int) -> bytes:
    """What comes before the first frame: one track of BGR pictures, times in microseconds."""
    document = _element(0x1A45DFA3, _number(0x42F7, 1) + _number(0x42F2, 4) + _number(0x42F3, 8)
                        + _element(0x4282, b'matroska') + _number(0x4287, 2) + _number(0x4285, 2))
    segment = bytes.fromhex('18538067') + b'\x01' + b'\xff' * 7  # of unknown size: until the stream ends
    information = _element(0x1549A966, _number(0x2AD7B1, 1000) + _element(0x4D80, b'dctnet')
                           + _element(0x5741, b'dctnet'))  # 1000 nanoseconds a unit of time
    video = _element(0xE0, _number(0xB0, width) + _number(0xBA, height) + _element(0x2EB524, b'BGR\x18'))
    track = _element(0xAE, _number(0xD7, 1) + _number(0x73C5, 1) + _number(0x83, 1) + _number(0x9C, 0)
                     + _element(0x86, b'V_UNCOMPRESSED') + video)
    return document + segment + information + _element(0x1654AE6B, track)


def frame(time: int, duration: int, image: np.ndarray) -> bytes:
    """One frame, uint8 [H, W, 3] BGR, shown at `time` for `duration` microseconds: a cluster of one block. Without its
    duration the last frame of an .mp4 is lost."""
    block = b'\x81\x00\x00\x00' + image.tobytes()  # track 1, at the cluster's time
    group = _element(0xA0, _element(0xA1, block) + _number(0x9B, duration))
    return _element(0x1F43B675, _number(0xE7, time) + group)


def _element(identity: int, content: bytes) -> bytes:
    name = identity.to_bytes((identity.bit_length() + 7) // 8, 'big')
    return name + struct.pack('>Q', len(content) | 1 << 56) + content


def _number(identity: int, value: int) -> bytes:
    return _element(identity, struct.pack('>Q', value))
