// The page: photographs and clips times styles are tasks; two at a time are with the service, so that the others are
// cancelled at once and cost it nothing. A result is fetched and then forgotten by the service.
import {offerCamera} from './camera.js';
import {photoCard, showClip, showResult, taskFigure} from './card.js';
import {fill, onLanguage, text} from './texts.js';

const AT_ONCE = 2, POLL = 700; // milliseconds
const byId = (id) => document.getElementById(id);
const VIDEO = /^video\/|\.(mp4|m4v|mov|webm|mkv)$/i; // by type, or by name if the browser knows no type
const photos = []; // {file, name, card, tasks, address}
const chosen = new Set();
let about = {styles: [], limits: {}, clips: {formats: []}, formats: []};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const tasks = () => photos.flatMap((photo) => photo.tasks);
const limits = () => ({...about.limits, formats: about.formats.join(', '), clips: {...about.clips, formats: about.clips.formats.join(', ')}});
const isVideo = (file) => VIDEO.test(file.type) || VIDEO.test(file.name);

function tell(message) {
  byId('notice').textContent = message || '';
  byId('notice').hidden = !message;
}

async function ask(method, address, body, signal) {
  const answer = await fetch(address, {method, body, signal});
  if (answer.ok) return answer;
  let found = {code: 'failed', message: `${answer.status}`};
  try { found = (await answer.json()).error; } catch (error) { /* not one of the service's own answers */ }
  throw Object.assign(new Error(found.message), {code: found.code});
}

async function loadStyles() {
  try {
    about = await (await ask('GET', 'api')).json();
  } catch (error) {
    tell(text('offline'));
    return;
  }
  if (!chosen.size && about.styles.length) chosen.add(about.styles[0].name);
  byId('no-styles').hidden = about.styles.length > 0;
  byId('open').hidden = !about.open;
  byId('version').textContent = about.version;
  showLimits();
  showStyles();
  if (about.styles.some((style) => !style.preview) && loadStyles.count++ < 60) setTimeout(loadStyles, 4000);
}
loadStyles.count = 0;

function showLimits() {
  byId('limits').textContent = text('limits', limits());
  byId('clip-limits').textContent = text(about.clips.offered ? 'clipLimits' : 'no_clips', limits());
}

function showStyles() {
  const shown = JSON.stringify(about.styles);
  if (byId('styles').dataset.shown === shown) return; // keeps the focus
  byId('styles').dataset.shown = shown;
  byId('styles').replaceChildren(...about.styles.map((style) => {
    const label = document.createElement('label'), box = document.createElement('input');
    label.className = 'style';
    box.type = 'checkbox';
    box.value = style.name;
    box.checked = chosen.has(style.name);
    box.addEventListener('change', () => (box.checked ? chosen.add(style.name) : chosen.delete(style.name)));
    const picture = document.createElement(style.preview ? 'img' : 'span'), name = document.createElement('span');
    picture.className = style.preview ? '' : 'blank';
    if (style.preview) Object.assign(picture, {src: `api/styles/${encodeURIComponent(style.name)}/preview.jpg`, alt: ''});
    name.className = 'label';
    name.textContent = style.name;
    label.append(picture, box, name);
    return label;
  }));
}

function addFiles(files) {
  const styles = about.styles.map((style) => style.name).filter((name) => chosen.has(name));
  tell(styles.length ? '' : text('noStyleChosen'));
  if (!styles.length) return;
  for (const file of files) {
    const photo = {file, name: file.name, tasks: [], address: URL.createObjectURL(file)};
    photo.card = photoCard(file.name, () => removePhoto(photo));
    for (const style of styles) {
      const task = {photo, style, name: file.name, state: 'toSend', files: {}};
      photo.tasks.push(task);
      photo.card.figures.append(taskFigure(task, {cancel, again}));
      Object.assign(task, refusal(file));
      task.show(limits());
    }
    photos.push(photo);
    byId('results').append(photo.card.root);
  }
  showSummary();
  work();
}

/** What is wrong with a file before it is sent. */
function refusal(file) {
  if (isVideo(file) && !about.clips.offered) return {state: 'failed', code: 'no_clips'};
  const megabytes = isVideo(file) ? about.clips.megabytes : about.limits.megabytes;
  if (file.size <= megabytes * 1048576) return {};
  return {state: 'failed', code: isVideo(file) ? 'clip_too_large' : 'too_large', error: ''};
}

function work() {
  const under = tasks().filter((task) => ['uploading', 'waiting', 'running'].includes(task.state)).length;
  for (const task of tasks().filter((one) => one.state === 'toSend').slice(0, Math.max(0, AT_ONCE - under))) {
    translate(task).catch((error) => {
      if (task.state !== 'cancelled') update(task, {state: 'failed', code: error.code || 'gone', error: error.message});
    }).finally(() => { showSummary(); work(); });
  }
}

async function translate(task) {
  update(task, {state: 'uploading', total: null});
  let job = await send(task);
  task.job = job.id;
  while (job.state !== 'done') {
    if (task.state === 'cancelled') return forget(job.id);
    if (job.state === 'failed') {
      forget(job.id);
      throw Object.assign(new Error(job.error), {code: 'text'});
    }
    const total = job.state === 'running' ? task.total || job.expected_seconds : null;
    update(task, {state: job.state, ahead: job.ahead, left: job.expected_seconds, frames: job.frames, total});
    await pause(POLL);
    job = await (await ask('GET', `api/jobs/${job.id}`)).json();
  }
  const isClip = job.kind === 'clip', address = task.photo.address;
  for (const ending of isClip ? ['mp4'] : ['png', 'jpg']) task.files[ending] = await fetched(job, `result.${ending}`);
  if (!task.photo.shown) { // HEIC, TIFF, clips ... are shown by a picture that the service makes
    task.photo.shown = await canShow(address) ? address : await fetched(job, 'photo.jpg');
  }
  forget(job.id);
  if (task.state === 'cancelled') return;
  if (isClip) await showClip(task, address, task.photo.shown, task.files.mp4);
  else showResult(task, task.photo.shown, task.files.png);
  update(task, {state: 'done', faces: job.faces, frames: job.frames, notes: job.notes, seconds: job.seconds.toFixed(1)});
}

const fetched = async (job, file) => URL.createObjectURL(await (await ask('GET', `api/jobs/${job.id}/${file}`)).blob());

async function send(task) {
  const query = new URLSearchParams({style: task.style, name: task.name});
  task.sending = new AbortController();
  for (;;) {
    try {
      return await (await ask('POST', `api/jobs?${query}`, task.photo.file, task.sending.signal)).json();
    } catch (error) {
      if (error.code !== 'queue_full' || task.state === 'cancelled') throw error;
      await pause(2000);
    }
  }
}

function canShow(address) {
  return new Promise((resolve) => {
    const picture = new Image();
    picture.onload = () => resolve(true);
    picture.onerror = () => resolve(false);
    picture.src = address;
  });
}

const forget = (job) => ask('DELETE', `api/jobs/${job}`).catch(() => {});

function update(task, values) {
  if (task.state === 'cancelled' && values.state !== 'toSend') return;
  Object.assign(task, values);
  task.show(limits());
  showSummary();
}

function cancel(task) {
  if (!['toSend', 'uploading', 'waiting', 'running'].includes(task.state)) return;
  update(task, {state: 'cancelled'});
  if (task.sending) task.sending.abort();
  if (task.job) forget(task.job);
}

function again(task) {
  update(task, {state: 'toSend', job: null, code: null, frames: null});
  work();
}

function removePhoto(photo) {
  for (const task of photo.tasks) {
    cancel(task);
    for (const address of Object.values(task.files)) URL.revokeObjectURL(address);
  }
  for (const address of [photo.address, photo.shown]) if (address) URL.revokeObjectURL(address);
  photo.card.root.remove();
  photos.splice(photos.indexOf(photo), 1);
  showSummary();
}

function showSummary() {
  const all = tasks(), done = all.filter((task) => task.state === 'done').length;
  byId('results-section').hidden = !all.length;
  byId('summary').textContent = text('summary', done, all.length);
  byId('cancel-all').hidden = !all.some((task) => ['toSend', 'uploading', 'waiting', 'running'].includes(task.state));
}

byId('files').addEventListener('change', (event) => {
  addFiles([...event.target.files]);
  event.target.value = '';
});
for (const name of ['dragenter', 'dragover']) {
  document.addEventListener(name, (event) => { event.preventDefault(); byId('drop').classList.add('over'); });
}
for (const name of ['dragleave', 'drop']) {
  document.addEventListener(name, (event) => { event.preventDefault(); byId('drop').classList.remove('over'); });
}
document.addEventListener('drop', (event) => addFiles([...event.dataTransfer.files]));
byId('cancel-all').addEventListener('click', () => tasks().forEach(cancel));
byId('clear').addEventListener('click', () => [...photos].forEach(removePhoto));
window.addEventListener('pagehide', () => { // nobody would fetch what is left
  for (const task of tasks()) {
    if (['waiting', 'running'].includes(task.state) && task.job) fetch(`api/jobs/${task.job}`, {method: 'DELETE', keepalive: true});
  }
});
offerCamera((file) => addFiles([file]), tell);
onLanguage(() => {
  if (about.styles.length) showLimits();
  byId('example').textContent =
    `curl --data-binary @photo.jpg '${location.origin}/api/jobs?style=STYLE&name=photo.jpg'\n` +
    `curl '${location.origin}/api/jobs/ID'\ncurl -o cartoon.png '${location.origin}/api/jobs/ID/result.png'`;
  for (const task of tasks()) task.show(limits());
  for (const photo of photos) fill(photo.card.root);
  showSummary();
});
loadStyles();
