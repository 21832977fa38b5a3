"""From facts of machines that are not here to findings."""
import pytest

from dctnet.diagnosis import findings, page
from dctnet.diagnosis.facts import Card, Driver, Installation, Numbers, Runtime, Speed

H100, T4, A10 = Card('NVIDIA H100', (9, 0)), Card('Tesla T4', (7, 5)), Card('NVIDIA A10', (8, 6))
NO_DRIVER = Driver('', [], [])
GOOD = Installation('3.11.9', {'numpy': '1.26.4', 'opencv-python-headless': '4.11.0'}, {},
                    [('tensorflow', '2.15.1'), ('opencv-python', '4.11.0.86')], cascades=True)


def runtime(*cards, cuda_build=True, cuda='12.2', code=('sm_80', 'sm_89', 'compute_90'), **others):
    return Runtime(cuda_build, cuda, '8', list(code), list(cards),
                   **dict(dict(card_error='', tf32=False, onednn='on'), **others))


def one(found):
    finding, = found
    assert finding.what and finding.where and finding.remedy
    return finding


def test_nothing_is_found_where_all_is_well():
    assert findings.of_installation(GOOD) == []
    for asked in ('auto', 'cpu', 'gpu'):
        assert findings.of_cards(asked, runtime(A10), Driver('550.1', [A10], [24000])) == []
    assert findings.of_cards('auto', runtime(cuda_build=False), NO_DRIVER) == []
    assert findings.of_switches(runtime()) == []


@pytest.mark.parametrize('card, wrong', [(H100, True), (A10, True), (T4, False)])
def test_cuda_10_on_ampere_and_later_is_wrong(card, wrong):
    """What TensorFlow 1.15 is built for."""
    found = findings.of_cards('auto', runtime(card, cuda='10.0', code=()), Driver('550.1', [card], [80000]))
    assert [finding.wrong for finding in found] == [True] * wrong
    if wrong:
        assert card.name in found[0].where and 'RUNTIME=tf2' in found[0].remedy


def test_a_build_that_does_not_tell_its_cuda_is_not_judged():
    assert findings.of_cards('auto', runtime(H100, cuda='', code=()), NO_DRIVER) == []


@pytest.mark.parametrize('code, kind', [
    (('sm_80', 'sm_90'), None), (('sm_90a',), None), (('sm_80', 'compute_80'), 'slow'), (('sm_80',), 'wrong'),
    (('compute_120',), 'wrong'), (('sm_100', 'compute_70'), 'slow'), ((), None)])
def test_code_for_the_card(code, kind):
    found = findings.of_cards('gpu', runtime(H100, code=code), NO_DRIVER)
    assert [finding.wrong for finding in found] == {None: [], 'slow': [False], 'wrong': [True]}[kind]


def test_machine_code_of_a_lower_second_number_runs_and_of_a_higher_does_not():
    assert findings.of_cards('gpu', runtime(A10, code=('sm_80',)), NO_DRIVER) == []
    assert one(findings.of_cards('gpu', runtime(A10, code=('sm_89',)), NO_DRIVER)).wrong


@pytest.mark.parametrize('asked', ['gpu', 'auto'])
def test_no_usable_card_is_wrong_only_if_one_was_asked_for(asked):
    there = Driver('550.1', [H100], [80000])
    for each, driver, part in ((runtime(cuda_build=False), there, 'CPUs only'), (runtime(), there, '550.1')):
        finding = one(findings.of_cards(asked, each, driver))
        assert finding.wrong == (asked == 'gpu') and part in finding.where
    missing = findings.of_cards(asked, runtime(), NO_DRIVER)
    assert [finding.wrong for finding in missing] == [True] * (asked == 'gpu')


def test_a_card_that_cannot_be_asked_is_wrong_unless_the_cpu_was_asked_for():
    broken = runtime(card_error='CUDA driver version is insufficient')
    assert one(findings.of_cards('auto', broken, NO_DRIVER)).wrong
    assert findings.of_cards('cpu', broken, NO_DRIVER) == []


@pytest.mark.parametrize('package, other, wrong', [
    ('tensorflow-cpu', '2.15.1', False), ('tensorflow-gpu', '1.15.0', True), ('nvidia-tensorflow', '1.15.5', True)])
def test_two_tensorflows(package, other, wrong):
    finding = one(findings.of_installation(GOOD._replace(distributions=GOOD.distributions + [(package, other)])))
    assert finding.wrong == wrong and f'{package} {other}' in finding.where and package in finding.remedy


def test_two_opencvs_and_one_without_cascades():
    doubled = GOOD._replace(distributions=GOOD.distributions + [('opencv-python-headless', '5.0')], cascades=False)
    assert [finding.wrong for finding in findings.of_installation(doubled)] == [True, False]


def test_missing_libraries():
    gone = GOOD._replace(failures={'opencv-python-headless': 'libGL.so.1: cannot open shared object file',
                                   'dlib-bin': "No module named 'dlib'"})
    first, second = findings.of_installation(gone)
    assert first.wrong and 'headless' in first.remedy
    assert second.wrong and 'dlib-bin' in second.remedy


def test_onednn_off_counts_on_cpus():
    assert not one(findings.of_switches(runtime(onednn='off'))).wrong
    assert findings.of_switches(runtime(H100, onednn='off')) == []


@pytest.mark.parametrize('losses, gradients, tf32, wrong', [
    (1e-5, 5e-5, False, 0), (2e-3, 5e-5, False, 1), (1e-5, 5e-3, False, 1), (1e-5, 5e-3, True, 0),
    (1e-5, 2e-2, True, 1), (float('nan'), float('nan'), True, 2)])
def test_numbers_that_are_off(losses, gradients, tf32, wrong):
    found = findings.of_numbers(Numbers({'g': losses, 'd': 0.}, {'g': gradients, 'd': 0.}), tf32, 'H100')
    assert len(found) == wrong and all(finding.wrong for finding in found)
    assert all('g ' in finding.where and 'd ' not in finding.where.split('differences')[1] for finding in found)


def test_the_page_puts_the_wrong_first_and_ends_with_the_verdict():
    found = findings.of_installation(GOOD._replace(failures={'scipy': 'broken'}))
    found = findings.of_switches(runtime(onednn='off')) + found
    assert [line[:5] for line in page.of_findings(found)] == ['WRONG', 'note ']
    assert 'WRONG' in page.verdict(found) and 'fine' in page.verdict(found[:1])


def test_the_time_of_a_training_goes_with_its_pixels():
    speed = Speed('x.yaml', 128, 2, 0.5, 1000, 256, 16)
    assert page.whole_training(speed) == 0.5 * 1000 * 8 * 4
    text = ' '.join(page.of_speed(speed).split())
    assert 'about 4.44 hours' in text and '(4 pictures/s)' in text
    assert [page.duration(seconds) for seconds in (5, 600, 7200, 864000)] == [
        '5 seconds', '10 minutes', '2 hours', '10 days']
