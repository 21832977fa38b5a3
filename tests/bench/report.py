"""The figures of a benchmark as Markdown, each ratio beside its aim."""
from typing import Any, Dict, List

# Issues "The main job" and "Speed and scale". How many times faster, and the largest share.
AIMS = {'joint': 2.0, 'sequential': 1.5, 'runtimes': 1.5, 'outside_share': 0.25, 'folder': 1.5, 'convolutions': 0.55,
        'memory_share': 0.6, 'communication': 0.1, 'photo_over_off': 1.05, 'input': 10}


def markdown(result: Dict[str, Any]) -> str:
    """Tables of what was measured."""
    lines = ['TensorFlow {tensorflow}, Python {python}, {cores} cores, {size} px, batch {batch}, medians of {rounds} '
             'interleaved rounds'.format(**result)]
    if 'training' in result:
        lines += [''] + _training(result)
    if 'parts' in result:
        lines += [''] + _parts(result['parts'])
    if 'as_run' in result:
        lines += ['', 'As each is run (baseline: oneDNN as TensorFlow chooses; joint: as train.py does): {:.2f} s, '
                  '{:.2f} s, {:.2f} times the baseline'.format(
                      *result['as_run']['seconds_per_step'].values(), result['as_run']['joint'])]
    if 'sizes' in result:
        lines += [''] + _sizes(result['sizes'])
    if 'feeding' in result:
        lines += [''] + _feeding(result['feeding'])
    if 'options' in result:
        lines += [''] + _options(result['options'])
    if 'scaling' in result:
        lines += [''] + _scaling([row for row in result['scaling'] if row])
    if 'compare' in result:
        compare = result['compare']
        lines += ['', '| joint step, alternating | s | times the other |', '|---|---|---|']
        for side in ('this', 'other'):
            lines.append('| TensorFlow {tensorflow} | {seconds_per_step:.2f} | {times_faster:.2f} |'.format(
                **compare[side]))
        lines.append('\nNewer runtime {:.2f} times the older: {}'.format(
            compare['newer_over_older'], _at_least(compare['newer_over_older'], AIMS['runtimes'])))
    if 'inference' in result:
        lines += [''] + _inference(result['inference'])
    if 'throughput' in result:
        lines += [''] + _throughput(result['throughput'])
    if 'calibration' in result:
        lines += [''] + _calibration(result['calibration'])
    if 'data' in result:
        lines += [''] + _alignment(result['data']['alignment']) + [''] + _streaming(result['data']['streaming'])
    return '\n'.join(lines)


def _training(result: Dict[str, Any]) -> List[str]:
    lines = ['| training step | s | CPU s | images/s | peak memory, MB | times the baseline | by CPU s | aim |',
             '|---|---|---|---|---|---|---|---|']
    for name, row in result['training'].items():
        cells = [name, '{:.2f}'.format(row['seconds_per_step']), '{:.2f}'.format(row['cpu_seconds_per_step']),
                 '{:.3f}'.format(row['images_per_second']),
                 '{:.0f}'.format(row['peak_memory_mb']) if 'peak_memory_mb' in row else '']
        if name != 'baseline' and 'peak_memory_mb' in row:
            share = row['peak_memory_mb'] / result['training']['baseline']['peak_memory_mb']
            cells[-1] += ' ({:.0%})'.format(share)
        if name in result['ratios']:
            ratio = result['ratios'][name]
            cells += ['{:.2f}'.format(ratio), '{:.2f}'.format(result['cpu_ratios'][name]), _at_least(ratio, AIMS[name])]
        else:
            cells += ['1', '1', '']
        lines.append('| {} |'.format(' | '.join(cells)))
    return lines


def _parts(found: Dict[str, Any]) -> List[str]:
    """Shares of the step, and the speed of its convolutions."""
    seconds, total = found['seconds'], sum(found['seconds'].values())
    return ['| joint step, one operation at a time | {} | in all |'.format(' | '.join(seconds)),
            '|---' * (len(seconds) + 2) + '|',
            '| s | {} | {:.2f} |'.format(' | '.join('{:.2f}'.format(value) for value in seconds.values()), total),
            '| share | {} | |'.format(' | '.join('{:.0%}'.format(value / total) for value in seconds.values())),
            '', 'Convolutions and their gradients: {convolutions:.0f} GFLOP/s, a matrix product {matrix product:.0f}: '
            .format(**found['gflops']) + '{:.0%} (aim: {}, TensorFlow 2.15)'.format(
                found['share_of_matrix_product'],
                _at_least(found['share_of_matrix_product'], AIMS['convolutions']))]


def _options(found: Dict[str, Any]) -> List[str]:
    lines = ['| joint step | s | times float32 | peak memory, MB |', '|---|---|---|---|']
    return lines + ['| {} | not here: {} | | |'.format(name, row['impossible']) if 'impossible' in row else
                    '| {} | {seconds_per_step:.2f} | {times_float32:.2f} | {peak_memory_mb} |'.format(name, **row)
                    for name, row in found.items()]


def _sizes(rows: List[Dict[str, Any]]) -> List[str]:
    return ['| joint step, px | batch | s | images/s | peak memory, MB |', '|---|---|---|---|---|'] + [
        '| {size} | {batch} | {seconds_per_step:.2f} | {images_per_second:.3f} | {peak_memory_mb} |'.format(**row)
        for row in rows]


def _feeding(found: Dict[str, Any]) -> List[str]:
    lines = ['| from files, superpixels | s | waiting for data | step, times that of off |', '|---|---|---|---|']
    for way, row in found['ways'].items():
        verdict = 'met' if row['times_off'] <= AIMS['photo_over_off'] else 'missed'
        aim = ' (aim: at most {}, {})'.format(AIMS['photo_over_off'], verdict) if way.startswith('photo') else ''
        lines.append('| {} | {seconds_per_step:.2f} | {waiting:.1%} | {times_off:.2f}{aim} |'.format(way, aim=aim,
                                                                                                     **row))
    return lines + ['', 'The input pipeline alone: ' + ', '.join(
        '{} {pictures_per_second:.0f} pictures/s, {times_the_training:.0f} times the training (aim: {})'.format(
            way, _at_least(row['times_the_training'], AIMS['input']), **row) for way, row in found['input'].items())]


def _scaling(rows: List[Dict[str, Any]]) -> List[str]:
    if not rows:
        return ['Several processes: not measured, Horovod is not built here (make setup HOROVOD=1)']
    lines = ['| processes | cores | images/s: one alone | side by side | together | efficiency | communication | '
             'averaging alone, s: ttn | ccn | peak memory, MB |', '|---' * 10 + '|']
    for row in rows:
        rates, seconds, share = row['images_per_second'], row['seconds'], row['communication_share']
        aim = ', oversubscribed' if row['processes'] > row['cores'] else ' (aim: under {:.0%}, {})'.format(
            AIMS['communication'], 'met' if share < AIMS['communication'] else 'missed')
        lines.append('| {} | {} | {} | {:.2f} | {:.1%}{} | {:.3f} | {:.3f} | {} |'.format(
            row['processes'], row['cores'], ' | '.join('{:.3f}'.format(rates[name]) for name in rates),
            row['efficiency'], share, aim, seconds['ttn'], seconds['ccn'], row['peak_memory_mb']))
    return lines + ['', 'Gradients of a step: ttn {:.1f} MB, ccn at 256 px {:.0f} MB'.format(
        *[rows[0]['gradient_bytes'][name] / 1e6 for name in ('ttn', 'ccn')])]


def _calibration(parts: Dict[str, Any]) -> List[str]:
    """Phases, the step averaged over the intervals, sampling, geometry."""
    lines = ['| ccn, batch {} | d | g | d_r1 | g_path | plain step, s | + R1 | + path | all | images/s | '
             'peak memory, MB | path times the step (aim: at most 2) |'.format(parts['steps'][0]['batch']),
             '|---' * 12 + '|']
    for row in parts['steps']:
        seconds = [row['seconds'][name] for name in ('d', 'g', 'd_r1', 'g_path')]
        seconds += [row[name] for name in ('step_plain', 'step_with_r1', 'step_with_path', 'step')]
        lines.append('| {} px | {} | {:.2f} | {} | {:.2f} ({}) |'.format(
            row['size'], ' | '.join('{:.2f}'.format(value) for value in seconds), row['images_per_second'],
            row.get('peak_memory_mb', ''), row['path_over_step'], 'met' if row['path_over_step'] <= 2 else 'missed'))
    lines += ['', '| sampling, images/s | alone | with the source\'s twins |', '|---|---|---|']
    lines += ['| {size} px | {alone:.1f} | {pairs:.1f} |'.format(**row) for row in parts['sampling']]
    line = ('Offline geometry, 256 px, {workers} workers: {images_per_second:.0f} images/s, {codec_share:.0%} in the '
            'codec')
    return lines + ['', line.format(**parts['geometry'])]


def _inference(parts: Dict[str, float]) -> List[str]:
    names = ('total', 'graphs', 'detection', 'reading', 'writing', 'rest')
    verdict = 'met' if parts['outside_share'] < AIMS['outside_share'] else 'missed'
    return ['| portrait, s | {} | outside the graphs |'.format(' | '.join(names)),
            '|---' * (len(names) + 2) + '|',
            '| 720 px, one face | {} | {:.0%} (aim: under {:.0%}, {}) |'.format(
                ' | '.join('{:.3f}'.format(parts[name]) for name in names), parts['outside_share'],
                AIMS['outside_share'], verdict)]


def _throughput(found: Dict[str, Any]) -> List[str]:
    lines = ['| {pictures} portraits, 720 px and more | pictures/s | times the published | by CPU s | '
             'CPU s a picture | peak memory, MB | difference, levels |'.format(**found), '|---' * 7 + '|']
    for name, title in (('published', 'published graphs and order'),
                        ('published_order', 'published order, graphs of this project'),
                        ('one_worker', 'infer.py --workers 1'), ('folder', 'infer.py')):
        row = found[name]
        aim = ' (aim: {})'.format(_at_least(row['times_the_published'], AIMS['folder'])) if name == 'folder' else ''
        lines.append('| {} | {pictures_per_second:.2f} | {times_the_published:.2f}{} | '
                     '{times_the_published_by_cpu:.2f} | {cpu_seconds_per_picture:.2f} | {peak_memory_mb} | '
                     '{difference:.2f} |'.format(title, aim, **row))
    return lines


def _alignment(found: Dict[str, Any]) -> List[str]:
    """Pictures a second, and the parts of a picture's work by their share."""
    parts = sorted(found['cpu_milliseconds'].items(), key=lambda part: -part[1])
    shares = ', '.join('{} {:.0%}'.format(name, value / found['cpu_milliseconds_in_all']) for name, value in parts)
    return ['Aligning faces, {side} px, {workers} workers: {pictures_per_second:.1f} pictures/s, '
            '{cpu_milliseconds_in_all:.0f} CPU ms each, {cores_in_use:.2f} cores in use; writing takes '
            '{writing_share_of_the_clock:.0%} of the clock'.format(**found), 'CPU: ' + shares]


def _streaming(found: Dict[str, Any]) -> List[str]:
    """Speed and memory of the features."""
    lines = ['| features for FID (dlib) | pictures/s | peak memory, MB |', '|---|---|---|']
    return lines + ['| {pictures} pictures | {pictures_per_second:.1f} | {peak_memory_mb} |'.format(**found[name])
                    for name in ('few', 'many')]


def _at_least(value: float, aim: float) -> str:
    return '{} ({})'.format(aim, 'met' if value >= aim else 'missed')
