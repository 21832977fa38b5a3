"""A run folder: whether it goes on, what it may go on with, what it records."""
import json
import logging
from dataclasses import replace

import numpy as np
import pytest
import yaml

from dctnet import config_file
from dctnet.config import CcnConfig, StartConfig, TtnConfig
from dctnet.errors import UserError
from dctnet.runs.folder import Run


def add_checkpoint(folder, step, suffixes=('.index', '.data-00000-of-00001')):
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in suffixes:
        (folder / f'model-{step}{suffix}').write_bytes(b'x')


def config_of(tmp_path, text='loss: {content_network: random}'):
    (tmp_path / 'ttn.yaml').write_text(text)
    return tmp_path / 'ttn.yaml'


def test_a_run_knows_whether_it_resumes(tmp_path):
    run = Run(tmp_path / 'run', 'ttn')
    assert (run.newest, run.resumes, run.stop_reason) == (None, False, '') and not run.path.exists()
    add_checkpoint(run.checkpoints, 9)
    add_checkpoint(run.checkpoints, 20)
    add_checkpoint(run.checkpoints, 30, ['.index'])  # cut off
    run = Run(tmp_path / 'run', 'ttn')
    assert run.resumes and run.newest == run.checkpoints / 'model-20'


def test_checkpoints_that_lost_their_data_do_not_start_the_run_anew(tmp_path):
    add_checkpoint(tmp_path / 'run' / 'checkpoints', 5, ['.index'])
    with pytest.raises(UserError, match='every checkpoint in .*checkpoints has lost its .data file'):
        Run(tmp_path / 'run', 'ttn')


def test_keys_that_are_no_more_are_left_out_and_told(tmp_path, caplog):
    """A run that was begun by a version in which the stages shared all keys of `data`."""
    caplog.set_level(logging.INFO)
    run = Run(tmp_path / 'run', 'ccn')
    add_checkpoint(run.checkpoints, 3)
    saved = config_file.to_dict(CcnConfig(source='x'))
    saved['data'].update(generated='', exemplar_share=0.5, check_folders=True)
    (run.path / 'config.yaml').write_text(yaml.safe_dump(saved))
    (tmp_path / 'ccn.yaml').write_text('source: x')
    config = Run(run.path, 'ccn').resolve_config(CcnConfig, tmp_path / 'ccn.yaml', ['train.steps=7'], None)
    assert config == CcnConfig(source='x', train=config.train) and config.train.steps == 7
    for key in ('data.generated', 'data.exemplar_share', 'data.check_folders'):
        assert key in caplog.text
    assert 'resuming with a change: train.steps 300000 -> 7' in caplog.text


def test_another_architecture_is_refused_with_the_difference(tmp_path):
    run = Run(tmp_path / 'run', 'ttn')
    add_checkpoint(run.checkpoints, 3)
    (run.path / 'config.yaml').write_text(config_file.to_yaml(config_file.to_dict(TtnConfig())))
    with pytest.raises(UserError, match="another architecture.*: loss.tv is 10000.0 there and 1.0 now; model.channels "
                                        "is 32 there and 4 now. Use another --run, or start a fine-tune"):
        Run(run.path, 'ttn').resolve_config(TtnConfig, config_of(tmp_path, '{}'), ['loss.tv=1', 'model.channels=4'],
                                            None)


def test_a_resumed_fine_tune_need_not_repeat_its_origin(tmp_path):
    run = Run(tmp_path / 'run', 'ttn')
    add_checkpoint(run.checkpoints, 3)
    saved = replace(TtnConfig(init_from='weights.npz'), start=StartConfig(discriminator=7, ramp=0))
    (run.path / 'config.yaml').write_text(config_file.to_yaml(config_file.to_dict(saved)))
    assert Run(run.path, 'ttn').resolve_config(TtnConfig, config_of(tmp_path, '{}'), [], None) == saved


def test_what_a_start_records(tmp_path):
    run = Run(tmp_path / 'run', 'ttn')
    add_checkpoint(run.checkpoints, 40)
    run = Run(run.path, 'ttn')
    with pytest.raises(UserError):
        with run.opened(TtnConfig(), {'tensorflow': '1'}):
            record = json.loads((run.path / 'environment.json').read_text())
            assert (record['stage'], record['from_step'], record['ended'], record['tensorflow']) == ('ttn', 40, '', '1')
            logging.getLogger('dctnet.somewhere').debug('a detail')
            with pytest.raises(UserError, match='another process is training in'):
                with Run(run.path, 'ttn').opened(TtnConfig(), {}):
                    pass
            raise UserError('the disk is full')
    assert json.loads((run.path / 'environment.json').read_text())['ended'] == 'the disk is full'
    log = (run.path / 'log.txt').read_text()
    assert 'a detail' in log and 'ended: the disk is full' in log
    logging.getLogger('dctnet').debug('afterwards')
    assert 'afterwards' not in (run.path / 'log.txt').read_text()
    assert logging.getLogger('dctnet').level == logging.NOTSET
    with Run(run.path, 'ttn').opened(TtnConfig(), {}):
        assert json.loads((run.path / 'environment.json').read_text())['ended'] == ''


def test_names_that_are_no_utf8_stand_in_the_log(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger('dctnet'), 'propagate', False)  # pytest's workers cannot tell such texts
    with Run(tmp_path / 'run', 'ttn').opened(TtnConfig(), {}):
        logging.getLogger('dctnet').info('%s', 'q\udcff')
    assert (tmp_path / 'run' / 'log.txt').read_text().endswith(' q\\udcff\n')
    assert 'Traceback' not in capsys.readouterr().err


def test_arrays_are_kept_once(tmp_path):
    run = Run(tmp_path, 'ccn')
    run.keep_arrays('source.npz', {'a': np.ones(2)})
    run.keep_arrays('source.npz', {'a': np.zeros(2)})
    with np.load(str(tmp_path / 'source.npz')) as arrays:
        assert arrays['a'].tolist() == [1, 1]


def test_a_reason_to_stop_can_be_asked_for(tmp_path):
    run = Run(tmp_path / 'run', 'ttn')
    run.ask_to_stop('SIGTERM')
    assert run.stop_reason == 'SIGTERM'


def test_a_name_that_tensorflow_does_not_take(tmp_path):
    with pytest.raises(UserError, match=r'udcffx.* is no UTF-8'):
        Run(tmp_path / 'q\udcffx', 'ttn')
