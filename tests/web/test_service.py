"""The service over HTTP: translations as infer.py makes them, bad uploads, strangers, and a service that goes on."""
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from tests.web.conftest import Service, by_infer, encoded

FLAT = np.full((40, 56, 3), 120, np.uint8)


@pytest.mark.long
def test_a_translation_is_the_one_of_infer(service, portrait, models, tmp_path):
    status, job = service.add(encoded(portrait), 'dark', 'me.png')
    assert status == 202 and job['name'] == 'me.png'
    done = service.finished(job)
    assert done['faces'] == 1 and done['working_size'] == [300, 280] and done['error'] is None
    status, headers, body = service.ask('GET', f"/api/jobs/{job['id']}/result.png")
    assert (status, headers['Content-Type']) == (200, 'image/png')
    assert body == by_infer(models, 'dark', encoded(portrait), tmp_path)
    jpeg = service.ask('GET', f"/api/jobs/{job['id']}/result.jpg")[2]
    assert jpeg[:2] == b'\xff\xd8'


@pytest.mark.long
def test_photographs_are_turned_upright(service, models, tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, :30] = 200
    body = encoded(picture, 'JPEG', exif=turned.tobytes())
    job = service.finished(service.add(body, 'inverted &')[1])
    result = service.ask('GET', f"/api/jobs/{job['id']}/result.png")[2]
    assert result == by_infer(models, 'inverted &', body, tmp_path, '.jpg')
    (tmp_path / 'photo.jpg').write_bytes(service.ask('GET', f"/api/jobs/{job['id']}/photo.jpg")[2])
    assert Image.open(str(tmp_path / 'photo.jpg')).size == (40, 60)


def test_styles_previews_and_limits_are_told(service):
    status, about = service.json('GET', '/api')
    assert status == 200 and [style['name'] for style in about['styles']] == ['dark', 'inverted &']
    assert about['open'] is False and about['limits']['megabytes'] == 40 and 'JPEG' in about['formats']
    end = time.monotonic() + 60
    while not all(style['preview'] for style in service.json('GET', '/api')[1]['styles']):
        assert time.monotonic() < end
        time.sleep(0.2)
    status, headers, body = service.ask('GET', '/api/styles/inverted%20%26/preview.jpg')
    assert status == 200 and headers['Content-Type'] == 'image/jpeg' and body[:2] == b'\xff\xd8'


@pytest.mark.parametrize('body, status, code', [
    (b'just words', 415, 'no_picture'), (b'', 415, 'no_picture'),
    (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n', 415, 'no_picture'),
    (encoded(np.zeros((9000, 9000), bool)), 413, 'too_large')], ids=['words', 'nothing', 'postscript', 'bomb'])
def test_what_is_no_picture_or_too_large_is_refused(service, body, status, code):
    found, answer = service.add(body)
    assert (found, answer['error']['code']) == (status, code), answer
    assert service.json('GET', '/api')[0] == 200


def test_a_damaged_picture_fails_by_its_name(service):
    job = service.finished(service.add(encoded(np.random.RandomState(0).randint(0, 255, (64, 64, 3)).astype(np.uint8))[
        :3000], 'dark', 'holiday.png')[1])
    assert job['state'] == 'failed' and 'holiday.png' in job['error'] and '/tmp' not in job['error']
    assert service.ask('GET', f"/api/jobs/{job['id']}/result.png")[0] == 409


def test_a_body_that_is_too_large_is_refused_before_it_is_read(service):
    status, answer = service.json('POST', '/api/jobs?style=dark', None, Content_Length=str(201 << 20))
    assert status == 413 and '200 MB' in answer['error']['message']


@pytest.mark.parametrize('headers, status', [
    ({'Host': 'evil.example'}, 421), ({'Host': 'evil.example:8000'}, 421), ({'Host': ''}, 421),
    ({'Host': '127.0.0.1.evil.example'}, 421), ({'Origin': 'http://evil.example'}, 403), ({'Origin': 'null'}, 403),
    ({'Sec_Fetch_Site': 'cross-site'}, 403), ({'Sec_Fetch_Site': 'cross-site', 'Sec_Fetch_Mode': 'navigate'}, 200),
    ({'Host': 'localhost:1234'}, 200), ({'Host': '[::1]:80'}, 200), ({'Sec_Fetch_Site': 'same-origin'}, 200)])
def test_strangers_are_refused(service, headers, status):
    found, answered, _ = service.ask('GET', '/api', **headers)
    assert found == status
    assert 'access-control-allow-origin' not in answered
    assert "default-src 'none'" in answered['Content-Security-Policy']
    assert answered['X-Content-Type-Options'] == 'nosniff'


def test_a_page_of_another_port_cannot_add_jobs(service):
    assert service.ask('POST', '/api/jobs?style=dark', encoded(FLAT), Origin='http://127.0.0.1:1')[0] == 403
    assert service.ask('POST', '/api/jobs?style=dark', encoded(FLAT), Origin=service.address)[0] == 202


@pytest.mark.parametrize('path', ['/../api.py', '/%2e%2e/api.py', '/page/../../api.py', '/texts.js/..', '/__main__.py',
                                  '/api/jobs/../../x', '/api/styles/..%2f..%2fdark/preview.jpg',
                                  '/api/jobs/x/result.png',
                                  '/api/jobs/%2e%2e/photo.jpg'])
def test_only_known_addresses_are_answered(service, path):
    assert service.ask('GET', path)[0] == 404


def test_a_style_is_a_name_and_no_path(service):
    for style in ('../dark', 'notes', '', '/', 'no'):
        assert service.add(encoded(FLAT), style)[0] == 404


def test_a_job_is_cancelled_and_forgotten(service):
    first, second = service.add(encoded(FLAT))[1], service.add(encoded(FLAT))[1]
    assert service.json('DELETE', f"/api/jobs/{second['id']}")[1]['state'] == 'cancelled'
    assert service.json('GET', f"/api/jobs/{second['id']}")[0] == 404
    assert service.finished(first)['state'] == 'done'
    assert second['id'] not in {path.name for path in service.folder.glob('*/*')}


def test_fifty_at_once(service):
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: service.add(encoded(FLAT)), range(50)))
    accepted = [job for status, job in answers if status == 202]
    assert {answer['error']['code'] for status, answer in answers if status != 202} <= {'queue_full'}
    assert len(accepted) >= 16
    assert {service.finished(job)['state'] for job in accepted} == {'done'}


@pytest.mark.long
def test_models_that_vanish_or_break_and_the_end(own_service):
    assert own_service.finished(own_service.add(encoded(FLAT), 'dark')[1])['state'] == 'done'
    (own_service.models / 'inverted &' / 'cartoon_bg.pb').write_bytes(b'cut off')
    job = own_service.finished(own_service.add(encoded(FLAT), 'inverted &')[1])
    assert job['state'] == 'failed' and 'cartoon_bg.pb' in job['error']
    shutil.rmtree(str(own_service.models / 'inverted &'))
    status, answer = own_service.add(encoded(FLAT), 'inverted &')
    assert (status, answer['error']['code']) == (404, 'no_style')
    assert own_service.finished(own_service.add(encoded(FLAT), 'dark')[1])['state'] == 'done'
    shutil.rmtree(str(own_service.models))
    assert own_service.json('GET', '/api')[1]['styles'] == []
    assert list(own_service.folder.iterdir())
    assert own_service.end() == 0
    assert 'Traceback' not in own_service.log.read_text() and list(own_service.folder.iterdir()) == []


@pytest.mark.long
def test_open_to_the_network_says_so(tmp_path, models):
    pytest.importorskip('starlette', reason='requirements/web-*.txt pin it for the two runtimes alone')
    running = Service(tmp_path, models, '--host', '0.0.0.0')
    try:
        assert running.json('GET', '/api')[1]['open'] is True
        assert 'everybody who reaches this machine' in running.log.read_text()
    finally:
        assert running.end() == 0
