"""Files of dctnet.evaluate as the tests write them."""
import json


def write_report(folder, name, seed=0, features='dlib', fid=0.5, identity=0.9, pictures=4, warning=None):
    """FOLDER/NAME-SEED.json with figures that follow from the arguments."""
    def entry(value, error, network=None):
        computed_on = {'network': network, 'network_sha256': 'abcdef' + 58 * '0'} if network else {}
        return {'computed_on': computed_on, 'results': {name: {'value': value, 'standard_error': error}}}
    report = {'results': {name: {'pictures': pictures, 'matched': pictures}}, 'fid': entry(fid, 0.05, features),
              'kid': entry(0.01, 0.002, features), 'id': entry(identity, 0.01, 'dlib'), 'edges': entry(0.4, 0.02),
              'style': {'computed_on': {}, 'results': {name: {'style': 0.6}}}}
    report['fid']['results'][name]['warning'] = warning
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f'{name}-{seed}.json').write_text(json.dumps(report), encoding='utf-8')
