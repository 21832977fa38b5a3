"""Sound files of every format, small, made anew in each process."""
import io
import json
import tarfile
import tempfile
from pathlib import Path
from typing import Callable, Dict, List

import numpy as np
import yaml
from PIL import Image

Make = Callable[[], List[bytes]]
CHECKPOINT = 'model-5'


def _picture(mode: str = 'RGB') -> Image.Image:
    noise = np.random.RandomState(0).randint(0, 256, (6, 8, 3)).astype(np.uint8)
    return Image.fromarray(noise).resize((80, 60), Image.BICUBIC).convert(mode)


def _saved(form: str, mode: str = 'RGB', **options: object) -> bytes:
    stream = io.BytesIO()
    _picture(mode).save(stream, form, **options)
    return stream.getvalue()


def _deep(form: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.arange(4800, dtype=np.uint16).reshape(60, 80) * 13).save(stream, form)  # 16 bits
    return stream.getvalue()


def jpeg() -> List[bytes]:
    exif = Image.Exif()
    exif[0x112] = 6
    return [_saved('JPEG', exif=exif), _saved('JPEG', progressive=True), _saved('JPEG', 'CMYK'), _saved('JPEG', 'L')]


def png() -> List[bytes]:
    return [_saved('PNG'), _saved('PNG', 'RGBA'), _saved('PNG', 'P'), _saved('PNG', '1'), _deep('PNG')]


def other_pictures() -> List[bytes]:
    return [_saved('TIFF', compression='tiff_lzw'), _deep('TIFF'), _saved('BMP'), _saved('GIF', 'P'),
            _saved('WEBP', lossless=True), _saved('WEBP', 'RGBA')]


def _numbers(shape: List[int]) -> np.ndarray:
    """The same in every process."""
    return np.random.RandomState(0).uniform(-.2, .2, shape).astype(np.float32)


def translators() -> List[bytes]:
    from dctnet.compat import tf
    from dctnet.exporters.translator import translator_graph
    from dctnet.nets import unet
    from tests.graph_safety.hostile import translator
    with tf.Graph().as_default():
        unet.unet(tf.placeholder(tf.float32, [1, 16, 16, 3]), 2)
        weights = {variable.op.name: _numbers(variable.shape.as_list()) for variable in unet.variables()}
    return [graph.SerializeToString(deterministic=True) for graph in (translator(), translator_graph(weights, 'x'))]


def content_networks() -> List[bytes]:
    from tests.training.tiny_training import content_network
    return [content_network().SerializeToString(deterministic=True)]


def inceptions() -> List[bytes]:
    """Graphs with the names of Inception's input and of its last pooling."""
    from dctnet.compat import tf
    with tf.Graph().as_default() as graph:
        picture = tf.placeholder(tf.float32, [None, 299, 299, 3], name='Mul')
        convolved = tf.nn.conv2d(picture, _numbers([3, 3, 3, 4]), [1, 8, 8, 1], 'SAME')
        tf.reduce_mean(convolved, axis=[1, 2], keepdims=True, name='pool_3')
    return [graph.as_graph_def().SerializeToString(deterministic=True)]


def archives() -> List[bytes]:
    stream, packed = io.BytesIO(), io.BytesIO()
    arrays = {'generator/Conv/weights': np.ones((3, 3, 3, 4), np.float32), 'generator/Conv/biases': np.zeros(4),
              'step': np.array(7)}
    np.savez(stream, **arrays)
    np.savez_compressed(packed, **arrays)
    return [stream.getvalue(), packed.getvalue()]


def _checkpoint() -> Dict[str, bytes]:
    """The files of a TensorFlow checkpoint, by suffix."""
    from dctnet.compat import tf
    with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default(), tf.Session() as session:
        for name, shape in (('weights', [3, 3, 3, 4]), ('biases', [4])):
            tf.get_variable(f'generator/Conv/{name}', initializer=_numbers(shape))
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(Path(folder) / CHECKPOINT), write_meta_graph=False, write_state=False)
        return {path.suffix: path.read_bytes() for path in Path(folder).iterdir()}


def index() -> List[bytes]:
    return [_checkpoint()['.index']]


def data() -> List[bytes]:
    return [content for suffix, content in _checkpoint().items() if suffix != '.index']


def nvidia() -> List[bytes]:
    from tests.data_tools.weights.published_files import random_networks, write_nvidia
    with tempfile.TemporaryDirectory() as folder:
        return [write_nvidia(Path(folder) / 'x.pkl', random_networks(), protocol).read_bytes() for protocol in (2, 4)]


def vgg_npy() -> List[bytes]:
    from dctnet.nets import vgg19
    from tests.files.python2_pickle import write_python2
    content = {name: [np.zeros_like(array) for array in arrays] for name, arrays in vgg19.random_weights(0).items()}
    with tempfile.TemporaryDirectory() as folder:
        return [write_python2(Path(folder) / 'vgg19.npy', content).read_bytes()]


def vgg_h5() -> List[bytes]:
    import h5py

    from dctnet.nets import vgg19
    with tempfile.TemporaryDirectory() as folder:
        with h5py.File(str(Path(folder) / 'x.h5'), 'w') as archive:
            for name, arrays in vgg19.random_weights(0).items():
                layer = f'block{name[4]}_conv{name[6]}'
                for form, array in zip('Wb', arrays):
                    archive.create_dataset(f'{layer}/{layer}_{form}_1:0', data=np.zeros_like(array), compression='gzip')
        return [(Path(folder) / 'x.h5').read_bytes()]


def tars() -> List[bytes]:
    made = []
    for mode in ('w:gz', 'w'):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode=mode) as archive:
            for name, content in (('notice.txt', b'x'), ('network.pb', inceptions()[0])):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        made.append(stream.getvalue())
    return made


def configs() -> List[bytes]:
    from dctnet import config, config_file
    return [config_file.to_yaml(config_file.to_dict(made())).encode()
            for made in (config.TtnConfig, config.CcnConfig)]


def manifests() -> List[bytes]:
    from dctnet import places
    return [places.shipped('checkpoints/manifest.yaml').read_bytes(),
            yaml.safe_dump({'x': {'file': 'x.bin', 'source': 'y', 'urls': ['https://example.org/x'], 'sha256': '0' * 64,
                                  'md5': None, 'size': 5, 'licence': 'z', 'used_by': 'u', 'import': None,
                                  'makes': None}}).encode()]


def _json(*trees: object) -> List[bytes]:
    return [json.dumps(tree, indent=2).encode() for tree in trees]


def answers() -> List[bytes]:
    from dctnet.study.answers import Study
    study = Study(['one', 'two'], ['a.png', 'b.png'])
    return _json({'study': study.id, 'methods': study.methods, 'names': study.names, 'participant': 'p1',
                  'answers': [{'item': list(item), 'choice': item[1]} for item in study.items()]})


def landmarks() -> List[bytes]:
    return _json({'a.png': [[[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]]]})


def cards() -> List[bytes]:
    return _json({'content_scale': 1.5, 'step': 3, 'sha256': '0' * 64})


def published_configurations() -> List[bytes]:
    return _json({'framework': 'tensorflow', 'task': 'image-portrait-stylization', 'train': {
        'work_dir': 'work', 'photo': 'p', 'cartoon': 'c', 'resume_epoch': 0, 'max_steps': 10, 'batch_size': 2,
        'patch_size': 32, 'adv_train_lr': 2e-4, 'logging_interval': 5, 'ckpt_period_interval': 5, 'num_gpus': 1,
        'dctnet': {'model.channels': 4}}})


def metrics() -> List[bytes]:
    return [b''.join(json.dumps({'step': step, 'loss/g': 1.5 / step, 'seconds/window': 2.0}).encode() + b'\n'
                     for step in range(1, 9))]


def environments() -> List[bytes]:
    return _json({'stage': 'ttn', 'command': ['train.py', 'ttn'], 'versions': {'python': '3.7'}, 'from_step': 0,
                  'ended': ''})


def pictures_records() -> List[bytes]:
    return _json({'data.photo': {'pictures': 5, 'hash': 'x'}, 'data.style': {'pictures': 4, 'hash': 'y'}})


def kept_objects() -> List[bytes]:
    return _json({'version': 1, 'kinds': {'x': {'a': [1, 0.5], 'b': [2, [0.5, None]]}}})


def texts() -> List[bytes]:
    return ['# people\nAudrey Hepburn\nyoung woman with curly hair\nein Mann\n'.encode()]


def clips() -> List[bytes]:
    import imageio_ffmpeg
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ('x.mp4', 'x.mkv'):
            writer = imageio_ffmpeg.write_frames(str(Path(folder) / name), (64, 48), fps=10, macro_block_size=1)
            writer.send(None)
            for level in range(5):
                writer.send(np.full((48, 64, 3), level * 40, np.uint8).tobytes())
            writer.close()
            made.append((Path(folder) / name).read_bytes())
    return made


def animations() -> List[bytes]:
    return [_animation('GIF'), _animation('WEBP')]


def _animation(form: str) -> bytes:
    stream = io.BytesIO()
    first, *rest = [_picture().rotate(90 * turn) for turn in range(4)]
    first.save(stream, form, save_all=True, append_images=rest, duration=100)
    return stream.getvalue()
