"""The command: a table of clips, heads apart."""
import json

import numpy as np
import pytest
from skimage import data

from dctnet import flicker
from dctnet.errors import UserError
from tests.clips.made_clips import write_clip, write_frames
from tests.video.synthetic import moved_photograph


@pytest.mark.long
def test_a_clip_with_an_unsteady_head_flickers_on_the_head(tmp_path, capsys):
    photo = np.ascontiguousarray(data.astronaut()[:256, 96:352, ::-1])
    clip = moved_photograph(photo, (160, 160), still=5, moving=4, scale=0.75, noise=0)
    times = np.arange(9) * 40000
    write_frames(tmp_path / 'photographed.mkv', clip.frames, times)
    unsteady = [frame.copy() for frame in clip.frames]
    for frame in unsteady[::2]:
        frame[30:80:2, 60:110] //= 2  # on the face
    write_frames(tmp_path / 'unsteady.mkv', unsteady, times)
    names = [str(tmp_path / f'{name}.mkv') for name in ('photographed', 'unsteady')]
    assert flicker.main(names + ['--out', str(tmp_path / 'out.json')]) == 0
    assert '| unsteady.mkv |' in capsys.readouterr().out
    first, second = json.loads((tmp_path / 'out.json').read_text())
    assert second['still'] > first['still'] + 5 and second['moving'] > first['moving'] + 5
    assert second['still'] > 2 * second['whole'] > 2 * first['whole']
    assert first['still'] < first['moving']


def test_clips_of_other_lengths_are_refused(tmp_path):
    one, other = write_clip(tmp_path / 'a.mp4', frames=4), write_clip(tmp_path / 'b.mp4', frames=5)
    with pytest.raises(UserError, match='b.mp4 has 5 frames of 64x48 but .*a.mp4 4 of 64x48'):
        flicker.main([str(one), str(other)])
