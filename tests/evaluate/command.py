"""`python -m dctnet.evaluate` as the tests call it."""
import pytest

from dctnet import evaluate
from dctnet.errors import UserError


def run(folders, *results, **options):
    words = ['--photos', folders / 'photos', '--styles', folders / 'styles', '--out', folders / 'out' / 'report.json',
             '--device', 'cpu', '--identity', 'dlib']  # the last one of several counts
    for name, value in options.items():
        words += ['--' + name, value]
    words += ['--results'] + [folders / name for name in results or ('painted', 'inverted')]
    return evaluate.main([str(word) for word in words])


def refused(folders, *results, **options):
    with pytest.raises(UserError) as mistake:
        run(folders, *results, **options)
    assert not list((folders / 'out').glob('report*')) if (folders / 'out').is_dir() else True
    return str(mistake.value)
