"""The scale of a content network of one's own: worked out, written into its card, refused if it sees nothing."""
import json

import pytest

from data_tools.content_scale import main
from data_tools.weights.content_changes import SIZE, TRAINED, costs
from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.nets.content_network import content_network
from tests.training import tiny_training


def written(folder, factor, card=None):
    file = folder / 'mine.pb'
    frozen.write_graph(frozen.scaled(content_network('dlib', SIZE), factor, 'it'), file)
    if card is not None:
        file.with_suffix('.json').write_text(card)
    return file


@pytest.mark.long
def test_the_scale_makes_a_file_count_as_a_trained_network(tmp_path, capsys):
    file = written(tmp_path, 40.0, '{"source": "mine"}')
    assert main([str(file)]) == 0
    card = json.loads(file.with_suffix('.json').read_text())
    assert card['source'] == 'mine' and f"content_scale: {card['content_scale']:g}" in capsys.readouterr().out
    assert 0.6 / 40 < card['content_scale'] < 1.5 / 40
    ratios = sorted(cost / TRAINED[change] for change, cost in costs(content_network(str(file), SIZE), 'it').items())
    assert ratios[len(ratios) // 2] == pytest.approx(1, abs=0.01)


def test_a_dry_run_writes_nothing(tmp_path, capsys):
    file = tmp_path / 'tiny.pb'
    frozen.write_graph(tiny_training.content_network(), file)
    assert main([str(file), '--dry-run']) == 0
    assert 'content_scale: ' in capsys.readouterr().out and not file.with_suffix('.json').exists()


def test_a_network_that_sees_no_change_is_refused(tmp_path):
    file = tmp_path / 'blind.pb'
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, None, None, 3], name='image')
        tf.multiply(image, 0.0, name='features')
    frozen.write_graph(graph.as_graph_def(), file)
    with pytest.raises(UserError, match='does not tell|do not tell'):
        main([str(file)])
    assert not file.with_suffix('.json').exists()


def test_a_file_that_is_not_there_or_a_broken_card(tmp_path):
    with pytest.raises(UserError, match='nothing.pb'):
        main([str(tmp_path / 'nothing.pb')])
    file = tmp_path / 'tiny.pb'
    frozen.write_graph(tiny_training.content_network(), file)
    file.with_suffix('.json').write_text('[1]')
    with pytest.raises(UserError, match='card of .*tiny.json must be a JSON object'):
        main([str(file)])
