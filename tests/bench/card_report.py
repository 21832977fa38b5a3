"""The rows of tests.bench.card as Markdown tables."""
from typing import Any, Dict, List, Sequence


def markdown(result: Dict[str, Any]) -> str:
    """A table of all rows; TFLOP/s of convolutions also as a share of the matrix product of their precision."""
    rows = result['rows']
    products = {row['name']: row['tflops'] for row in rows if row['part'] == 'matrix product' and 'tflops' in row}
    cards = '; '.join(result['cards']) or 'no card'
    lines = ['TensorFlow {tensorflow}, Python {python}, {cores} CPU cores, {size} px, TF32 {tf32}: '.format(**result)
             + cards, '',
             '| | | ms | pictures/s | TFLOP/s | of a matrix product | waiting | peak memory, MB | took, s |',
             '|---' * 9 + '|']
    return '\n'.join(lines + [f"| {' | '.join(_cells(row, products))} |" for row in rows])


def _cells(row: Dict[str, Any], products: Dict[str, float]) -> Sequence[str]:
    cells = [row['part'], row['name']]
    if 'seconds' not in row and 'tflops' not in row:
        return cells + [f"not here: {row['impossible']}" if 'impossible' in row else 'left out: no time'] + [''] * 6
    product = products.get(row.get('precision', ''))
    found: List[str] = [
        f"{1000 * row['seconds']:.1f}" if 'seconds' in row else '',
        f"{row['pictures_per_second']:.0f}" if 'pictures_per_second' in row else '',
        f"{row['tflops']:.1f}" if 'tflops' in row else '',
        f"{row['tflops'] / product:.0%}" if product else '',
        f"{row['waiting']:.1%}" if 'waiting' in row else '',
        str(row.get('peak_memory_mb', '')), str(row['took'])]
    return cells + found
