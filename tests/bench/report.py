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
        lines.append(f"\nNewer runtime {compare['newer_over_older']:.2f} times the older: "
                     f"{_at_least(compare['newer_over_older'], AIMS['runtimes'])}")
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
        cells = [name, f"{row['seconds_per_step']:.2f}", f"{row['cpu_seconds_per_step']:.2f}",
                 f"{row['images_per_second']:.3f}",
                 f"{row['peak_memory_mb']:.0f}" if 'peak_memory_mb' in row else '']
        if name != 'baseline' and 'peak_memory_mb' in row:
            share = row['peak_memory_mb'] / result['training']['baseline']['peak_memory_mb']
            cells[-1] += f' ({share:.0%})'
        if name in result['ratios']:
            ratio = result['ratios'][name]
            cells += [f'{ratio:.2f}', f"{result['cpu_ratios'][name]:.2f}", _at_least(ratio, AIMS[name])]
        else:
            cells += ['1', '1', '']
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _parts(found: Dict[str, Any]) -> List[str]:
    """Shares of the step, and the speed of its convolutions."""
    seconds, total = found['seconds'], sum(found['seconds'].values())
    return [f"| joint step, one operation at a time | {' | '.join(seconds)} | in all |",
            '|---' * (len(seconds) + 2) + '|',
            f"| s | {' | '.join(f'{value:.2f}' for value in seconds.values())} | {total:.2f} |",
            '| share | {} | |'.format(' | '.join(f'{value / total:.0%}' for value in seconds.values())),
            '', 'Convolutions and their gradients: {convolutions:.0f} GFLOP/s, a matrix product {matrix product:.0f}: '
            .format(**found['gflops']) + '{:.0%} (aim: {}, TensorFlow 2.15)'.format(
                found['share_of_matrix_product'],
                _at_least(found['share_of_matrix_product'], AIMS['convolutions']))]


def _options(found: Dict[str, Any]) -> List[str]:
    lines = ['| joint step | s | times float32 | peak memory, MB |', '|---|---|---|---|']
    return lines + [f"| {name} | not here: {row['impossible']} | | |" if 'impossible' in row else
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
        aim = f" (aim: at most {AIMS['photo_over_off']}, {verdict})" if way.startswith('photo') else ''
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
        lines.append(f"| {row['processes']} | {row['cores']} | {' | '.join(f'{rates[name]:.3f}' for name in rates)} | "
                     f"{row['efficiency']:.2f} | {share:.1%}{aim} | {seconds['ttn']:.3f} | {seconds['ccn']:.3f} | "
                     f"{row['peak_memory_mb']} |")
    return lines + ['', 'Gradients of a step: ttn {:.1f} MB, ccn at 256 px {:.0f} MB'.format(
        *[rows[0]['gradient_bytes'][name] / 1e6 for name in ('ttn', 'ccn')])]


def _calibration(parts: Dict[str, Any]) -> List[str]:
    """Phases, the step averaged over the intervals, sampling, geometry."""
    lines = [f"| ccn, batch {parts['steps'][0]['batch']} | d | g | d_r1 | g_path | plain step, s | + R1 | + path | all "
             '| images/s | peak memory, MB | path times the step (aim: at most 2) |',
             '|---' * 12 + '|']
    for row in parts['steps']:
        seconds = [row['seconds'][name] for name in ('d', 'g', 'd_r1', 'g_path')]
        seconds += [row[name] for name in ('step_plain', 'step_with_r1', 'step_with_path', 'step')]
        lines.append(f"| {row['size']} px | {' | '.join(f'{value:.2f}' for value in seconds)} | "
                     f"{row['images_per_second']:.2f} | {row.get('peak_memory_mb', '')} | {row['path_over_step']:.2f} "
                     f"({('met' if row['path_over_step'] <= 2 else 'missed')}) |")
    lines += ['', '| sampling, images/s | alone | with the source\'s twins |', '|---|---|---|']
    lines += ['| {size} px | {alone:.1f} | {pairs:.1f} |'.format(**row) for row in parts['sampling']]
    line = ('Offline geometry, 256 px, {workers} workers: {images_per_second:.0f} images/s, {codec_share:.0%} in the '
            'codec')
    return lines + ['', line.format(**parts['geometry'])]


def _inference(parts: Dict[str, float]) -> List[str]:
    names = ('total', 'graphs', 'detection', 'reading', 'writing', 'rest')
    verdict = 'met' if parts['outside_share'] < AIMS['outside_share'] else 'missed'
    return [f"| portrait, s | {' | '.join(names)} | outside the graphs |",
            '|---' * (len(names) + 2) + '|',
            f"| 720 px, one face | {' | '.join(f'{parts[name]:.3f}' for name in names)} | {parts['outside_share']:.0%} "
            f"(aim: under {AIMS['outside_share']:.0%}, {verdict}) |"]


def _throughput(found: Dict[str, Any]) -> List[str]:
    lines = ['| {pictures} portraits, 720 px and more | pictures/s | times the published | by CPU s | '
             'CPU s a picture | peak memory, MB | difference, levels |'.format(**found), '|---' * 7 + '|']
    for name, title in (('published', 'published graphs and order'),
                        ('published_order', 'published order, graphs of this project'),
                        ('one_worker', 'infer.py --workers 1'), ('folder', 'infer.py')):
        row = found[name]
        aim = f" (aim: {_at_least(row['times_the_published'], AIMS['folder'])})" if name == 'folder' else ''
        lines.append('| {} | {pictures_per_second:.2f} | {times_the_published:.2f}{} | '
                     '{times_the_published_by_cpu:.2f} | {cpu_seconds_per_picture:.2f} | {peak_memory_mb} | '
                     '{difference:.2f} |'.format(title, aim, **row))
    return lines + ['', 'infer.py, pictures a second by part: ' + ', '.join(
        f'{part} {rate:.1f}' for part, rate in found['folder']['parts'].items())]


def _alignment(found: Dict[str, Any]) -> List[str]:
    """Pictures a second, and the parts of a picture's work by their share."""
    parts = sorted(found['cpu_milliseconds'].items(), key=lambda part: -part[1])
    shares = ', '.join(f"{name} {value / found['cpu_milliseconds_in_all']:.0%}" for name, value in parts)
    return ['Aligning faces, {side} px, {workers} workers: {pictures_per_second:.1f} pictures/s, '
            '{cpu_milliseconds_in_all:.0f} CPU ms each, {cores_in_use:.2f} cores in use; writing takes '
            '{writing_share_of_the_clock:.0%} of the clock'.format(**found), 'CPU: ' + shares]


def _streaming(found: Dict[str, Any]) -> List[str]:
    """Speed and memory of the features."""
    lines = ['| features for FID (dlib) | pictures/s | peak memory, MB |', '|---|---|---|']
    return lines + ['| {pictures} pictures | {pictures_per_second:.1f} | {peak_memory_mb} |'.format(**found[name])
                    for name in ('few', 'many')]


def _at_least(value: float, aim: float) -> str:
    return f"{aim} ({('met' if value >= aim else 'missed')})"
