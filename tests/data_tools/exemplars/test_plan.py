"""Which exemplars are drawn: subjects, prompts, seeds, names of files, batches."""
import pytest

from data_tools.exemplars import plan
from data_tools.exemplars.plan import PROMPTS, batches, image_seed, of_photos, of_subjects, read_subjects
from dctnet.errors import UserError


def subjects_file(folder, text, encoding='utf-8'):
    path = folder / 'subjects.txt'
    path.write_bytes(text.encode(encoding))
    return path


def test_a_file_gives_a_subject_a_line(tmp_path):
    path = subjects_file(tmp_path, '\ufeff# women\n  Marie   Curie \r\n\nan old man, \u00e9l\u00e9gant\n')
    assert read_subjects(path) == ['Marie Curie', 'an old man, \u00e9l\u00e9gant']


@pytest.mark.parametrize('text, part', [('# none\n\n', 'holds no subject'),
                                        ('a\nb\n a\n', "lines 1 and 3 are both 'a'")])
def test_wrong_subjects_are_refused(tmp_path, text, part):
    with pytest.raises(UserError, match=part):
        read_subjects(subjects_file(tmp_path, text))


def test_subjects_that_are_no_text_are_refused(tmp_path):
    for path in (tmp_path / 'none.txt', tmp_path, subjects_file(tmp_path, 'caf\u00e9', 'latin-1')):
        with pytest.raises(UserError, match='^list of subjects .* (does not exist|is a folder|is no UTF-8 text)'):
            read_subjects(path)


def test_prompts_are_the_published_ones():
    drawn = {style: of_subjects(['Marie Curie'], prompt, 1, 0)[0].prompt for style, prompt in PROMPTS.items()}
    assert drawn.pop('clipart') == 'archer style, a portrait painting of Marie Curie'
    assert drawn == dict.fromkeys(('design', 'illustration', 'watercolor', 'flat'),
                                  'sks style, a painting of a Marie Curie, no text')


def test_seeds_depend_on_nothing_else():
    few = of_subjects(['b'], 'NAME', 2, 7)
    many = of_subjects(['a', 'b', 'c'], 'NAME', 5, 7)
    assert few == [each for each in many if each.subject == 'b'][:2]
    assert len({each.seed for each in many}) == 15 and all(0 <= each.seed < 2 ** 32 for each in many)
    assert not {each.seed for each in many} & {each.seed for each in of_subjects(['a', 'b', 'c'], 'NAME', 5, 8)}
    assert image_seed(1, 'a', 11) != image_seed(11, 'a', 1) != image_seed(1, '1/a', 1)


def test_names_tell_subject_index_and_seed():
    first, second = of_subjects(['Marie Curie, n\u00e9e Sk\u0142odowska!'], 'NAME', 2, 0)
    assert second.file == f'Marie-Curie-née-Skłodowska-01-seed{second.seed}.png'
    assert of_subjects(['...'], 'NAME', 1, 0)[0].file.startswith('subject-00-seed')
    assert len(of_subjects(['x' * 300], 'NAME', 1, 0)[0].file) < 70


def test_photographs_are_drawn_over_count_times_each(tmp_path):
    for name in ('a.jpg', 'b.png'):
        (tmp_path / name).write_bytes(name.encode())
    first, _, third, _ = of_photos([tmp_path / 'a.jpg', tmp_path / 'b.png'], 'man', 'a NAME', 2, 0)
    assert first.photo == tmp_path / 'a.jpg' and third.file.startswith('b-00-seed') and third.prompt == 'a man'
    assert first.record()['photo'] == 'a.jpg' and first.photo_sha256 != third.photo_sha256


def test_two_files_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(plan, 'image_seed', lambda seed, key, index: index)
    with pytest.raises(UserError, match='Ann! and ann would give the same file ann-00-seed0.png'):
        of_subjects(['Ann!', 'ann'], 'NAME', 1, 0)


def test_batches_are_of_one_subject():
    names = [[(each.subject, each.index) for each in group] for group in batches(of_subjects('ab', 'NAME', 5, 0), 2)]
    assert names == [[(name, index) for index in pair] for name in 'ab' for pair in ((0, 1), (2, 3), (4,))]
    assert len(list(batches(of_subjects('ab', 'NAME', 1, 0), 8))) == 2
