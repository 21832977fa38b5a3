// Before and after in one place: a line between two pictures, moved by pointer, finger or arrow keys.

/** An element that shows `before` and `after` (img or canvas of one shape); `label` names it for screen readers. */
export function slider(before, after, label) {
  const box = document.createElement('div');
  box.className = 'slider';
  after.classList.add('after');
  const line = document.createElement('span');
  line.className = 'line';
  const range = document.createElement('input');
  Object.assign(range, {type: 'range', min: 0, max: 100, step: 1, value: 50});
  range.setAttribute('aria-label', label);
  range.addEventListener('input', () => box.style.setProperty('--at', `${range.value}%`));
  box.append(before, after, line, range);
  return box;
}
