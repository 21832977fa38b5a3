"""Pins with known holes are found; those of the project have none for which no reason is given."""
from tests.audit import __main__ as audit

ADVISORIES = [{'package': 'some-thing', 'affected': '<2.10', 'id': 'X-1', 'accepted': {'tf2': 'not used'}},
              {'package': 'other', 'affected': '>=1,<1.5', 'id': 'X-2', 'accepted': {}}]


def test_affected_pins_are_found(tmp_path):
    (tmp_path / 'tf2.txt').write_text('# text\nSome_Thing==2.9.1\nother[extra]==1.5\n-r tf2-cpu.txt\n')
    (tmp_path / 'web-tf2.txt').write_text('other==1.4.9; python_version < "3.8"\n')
    (tmp_path / 'tf115.txt').write_text('other==1.2\n')
    packages = audit.pins('tf2', tmp_path)
    assert packages == [('other', '1.4.9'), ('other', '1.5'), ('some-thing', '2.9.1')]
    open_holes, accepted = audit.holes('tf2', packages, ADVISORIES)
    assert len(open_holes) == 1 and 'other 1.4.9 has X-2' in open_holes[0]
    assert len(accepted) == 1 and accepted[0].endswith('not used')
    assert len(audit.holes('tf115', audit.pins('tf2', tmp_path), ADVISORIES)[0]) == 2


def test_the_pins_of_this_project_have_no_open_hole(capsys):
    assert audit.main([]) == 0
    assert capsys.readouterr().out.count(' 0 open') == len(audit.RUNTIMES)


def test_a_pin_of_before_would_fail():
    advisories = audit.yaml_file.read(audit.ADVISORIES, 'list')
    for runtime, package, version in (('tf115', 'opencv-python', '4.5.5.64'), ('tf2', 'pillow', '10.0.0')):
        assert audit.holes(runtime, [(package, version)], advisories)[0]
