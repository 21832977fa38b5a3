// What is seen of a photograph or clip: its name, and for each style the progress, then the result with slider and
// downloads.
import {pair, player, plays, video} from './player.js';
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
      caption.append(...Object.keys(task.files).map((ending) => download(task, ending)));
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
  put(task, slider(before, after, `${text('compare')}: ${task.style}`));
}

/** Show a finished clip: addresses of the upload, of a picture of it, and of the result. */
export async function showClip(task, clip, photo, result) {
  const before = video(clip), after = video(result), label = `${text('compare')}: ${task.style}`;
  after.setAttribute('aria-label', `${text('style')} ${task.style}`);
  const [both, sees] = [await plays(before), await plays(after)];
  const shapes = [before, after].map((each) => each.videoWidth / each.videoHeight);
  if (both && sees && Math.abs(shapes[0] / shapes[1] - 1) < 0.03) {
    put(task, player(before, after, label));
  } else { // a kind that this browser does not play, or a moving picture
    const picture = element('img');
    picture.src = photo;
    picture.alt = text('photo');
    after.loop = true;
    put(task, pair(picture, after));
  }
}

function put(task, box) {
  if (task.box) task.box.remove();
  task.box = box;
  task.figure.prepend(box);
}

function progress(task) {
  const bar = element('progress');
  bar.setAttribute('aria-label', task.style);
  if (task.state === 'running' && task.frames) {
    bar.max = task.frames.total;
    bar.value = task.frames.done;
  } else if (task.state === 'running' && task.total) {
    bar.max = 1;
    bar.value = Math.min(0.97, 1 - task.left / task.total);
  }
  return bar;
}

function state(task, limits) {
  const shown = element('span');
  if (task.state === 'failed') {
    shown.className = 'failed';
    shown.textContent = known(task.code) ? text(task.code, limits, task.error) : `${text('failed')}: ${task.error}`;
  } else if (task.state === 'waiting') {
    shown.textContent = text('waiting', task.ahead);
  } else if (task.state === 'done') {
    shown.textContent = task.frames ? text('clipDone', task.frames, task.seconds) : text('done', task.faces, task.seconds);
    for (const note of task.notes || []) shown.textContent += `; ${text(note)}`;
  } else {
    shown.textContent = text(task.state);
    if (task.state === 'running' && task.frames) shown.textContent = text('frame', task.frames);
    if (task.state === 'running' && task.left > 0) shown.textContent += `, ${left(task.left)}`;
  }
  return shown;
}

const left = (seconds) => (seconds < 120 ? text('left', Math.ceil(seconds)) : text('minutesLeft', Math.ceil(seconds / 60)));

function download(task, ending) {
  const label = ending.toUpperCase(), link = element('a', 'button', label);
  link.href = task.files[ending];
  link.download = `${task.name.replace(/\.[^.]*$/, '')}-${task.style}.${ending}`;
  link.setAttribute('aria-label', `${label}: ${link.download}`);
  return link;
}
