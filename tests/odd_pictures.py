"""Damaged pictures, and sound ones of odd kinds."""
import cv2
import numpy as np
from PIL import Image


def write_bad_pictures(folder, photo):
    whole = photo.read_bytes()
    (folder / 'cut.png').write_bytes(whole[:len(whole) // 2])
    (folder / 'empty.jpg').write_bytes(b'')
    (folder / 'text.png').write_bytes(b'not a picture')


def write_odd_pictures(folder, astronaut):
    rgb = Image.fromarray(astronaut[:200, 120:320, ::-1])
    rgb.convert('CMYK').save(str(folder / 'cmyk.jpg'))
    Image.fromarray(np.asarray(rgb.convert('L')).astype(np.uint16) * 257).save(str(folder / 'deep.png'))
    cv2.imwrite(str(folder / 'deep_colour.tif'), astronaut[:200, 120:320].astype(np.uint16) * 257)
    rgb.save(str(folder / 'animated.webp'), save_all=True, append_images=[rgb.rotate(90)])
    rgb.convert('LA').save(str(folder / 'alpha.png'))
    rgb.resize((1, 1)).save(str(folder / 'pixel.PNG'))
