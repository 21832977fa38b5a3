// What is seen of a photograph: its name, and for each style the progress, then the result with slider and downloads.
import {slider} from './slider.js';
import {known, text} from './texts.js';

function element(name, className, content) {
  const made = document.createElement(name);
  made.className = className || '';
  if (content !== undefined) made.textContent = content;
  return made;
}

function button(key, action) {
  const made = element('button', '', text(key));
  made.type = 'button';
  made.dataset.text = key;
  made.addEventListener('click', action);
  return made;
}

/** The card of a photograph: {root, figures}; `remove` is called by its button. */
export function photoCard(name, remove) {
  const root = element('article', 'photo'), head = element('header'), figures = element('div', 'figures');
  head.append(element('h3', '', name), button('remove', remove));
  root.append(head, figures);
  return {root, figures};
}

/** The place of one style in a card; `task` is what page.js keeps of it. */
export function taskFigure(task, actions) {
  const figure = element('figure'), caption = element('figcaption');
  figure.dataset.style = task.style;
  figure.append(caption);
  task.figure = figure;
  task.show = (limits) => {
    figure.dataset.state = task.state;
    caption.replaceChildren(element('strong', '', task.style), state(task, limits));
    if (['toSend', 'uploading', 'waiting', 'running'].includes(task.state)) {
      caption.append(progress(task), button('cancel', () => actions.cancel(task)));
    } else if (task.state === 'done') {
      caption.append(download(task, 'PNG', 'png'), download(task, 'JPG', 'jpg'));
    } else {
      caption.append(button('again', () => actions.again(task)));
    }
  };
  return figure;
}

/** Show a finished task: addresses of photograph and result. */
export function showResult(task, photo, result) {
  const before = element('img'), after = element('img');
  before.src = photo;
  before.alt = text('photo');
  after.src = result;
  after.alt = `${text('style')} ${task.style}`;
  const box = slider(before, after, `${text('compare')}: ${task.style}`);
  if (task.box) task.box.remove();
  task.box = box;
  task.figure.prepend(box);
}

function progress(task) {
  const bar = element('progress');
  bar.setAttribute('aria-label', task.style);
  if (task.state === 'running' && task.total) {
    bar.max = 1;
    bar.value = Math.min(0.97, 1 - task.left / task.total);
  }
  return bar;
}

function state(task, limits) {
  const shown = element('span');
  if (task.state === 'failed') {
    shown.className = 'failed';
    shown.textContent = known(task.code) ? text(task.code, limits) : `${text('failed')}: ${task.error}`;
  } else if (task.state === 'waiting') {
    shown.textContent = text('waiting', task.ahead);
  } else if (task.state === 'done') {
    shown.textContent = text('done', task.faces, task.seconds);
  } else {
    shown.textContent = text(task.state);
    if (task.state === 'running' && task.left > 0) shown.textContent += `, ${text('left', Math.ceil(task.left))}`;
  }
  return shown;
}

function download(task, label, ending) {
  const link = element('a', 'button', label);
  link.href = task.files[ending];
  link.download = `${task.name.replace(/\.[^.]*$/, '')}-${task.style}.${ending}`;
  link.setAttribute('aria-label', `${label}: ${link.download}`);
  return link;
}
