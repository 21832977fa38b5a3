// The page without a service: one photograph, one style, computed in this browser.
import {cropper} from './crop.js';
import {slider} from './slider.js';
import {onLanguage, text} from './texts.js';

const byId = (id) => document.getElementById(id);
let styles = [], photo = null, name = '', crop = null, worker = null;

function tell(message) {
  byId('notice').textContent = message || '';
  byId('notice').hidden = !message;
}

async function loadStyles() {
  try {
    styles = await (await fetch('styles.json')).json();
  } catch (error) {
    return tell(text('asFile'));
  }
  byId('styles').replaceChildren(...styles.map((style, number) => {
    const label = document.createElement('label'), radio = document.createElement('input');
    const picture = document.createElement('img'), caption = document.createElement('span');
    label.className = 'style';
    Object.assign(radio, {type: 'radio', name: 'style', value: number, checked: number === 0});
    Object.assign(picture, {src: style.preview, alt: ''});
    Object.assign(caption, {className: 'label', textContent: style.name});
    label.append(picture, radio, caption);
    return label;
  }));
}

async function open(file) {
  try {
    photo = await createImageBitmap(file, {imageOrientation: 'from-image'});
  } catch (error) {
    return tell(text('unreadable'));
  }
  tell('');
  name = file.name.replace(/\.[^.]*$/, '');
  byId('crop-section').hidden = false;
  crop = cropper(byId('crop'), photo, (share) => { byId('zoom').value = Math.round(share * 100); });
  crop.setShare(byId('zoom').value / 100);
  crop.setWhole(byId('whole').checked);
}

/** What is translated: a canvas with the square at the chosen size, or the whole picture, smaller if it is larger. */
function source() {
  const size = Number(byId('size').value), canvas = document.createElement('canvas');
  let part = {x: 0, y: 0, width: photo.width, height: photo.height}, scale = Math.min(1, size / Math.min(photo.width, photo.height));
  if (!byId('whole').checked) {
    const {x, y, side} = crop.square();
    part = {x, y, width: side, height: side};
    scale = size / side;
  }
  canvas.width = Math.max(1, Math.round(part.width * scale));
  canvas.height = Math.max(1, Math.round(part.height * scale));
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff'; // under transparent pictures, as infer.py has it
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(photo, part.x, part.y, part.width, part.height, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function translate() {
  const style = styles[document.querySelector('#styles input:checked').value], before = source();
  const {width, height} = before, pixels = before.getContext('2d').getImageData(0, 0, width, height).data;
  end();
  worker = new Worker('worker.js');
  byId('translate').disabled = true;
  byId('cancel').hidden = false;
  worker.onerror = (event) => { end(); byId('state').textContent = `${text('failed')}: ${event.message || text('asFile')}`; };
  worker.onmessage = ({data}) => {
    if (data.state === 'done') show(style.name, before, data);
    if (data.state === 'done' || data.state === 'failed') end();
    byId('state').textContent = data.state === 'failed' ? `${text('failed')}: ${data.error}`
      : data.state === 'done' ? text('seconds', data.seconds.toFixed(1)) : text(data.state);
  };
  worker.postMessage({model: new URL(byId('whole').checked ? style.whole : style.head, location.href).href, pixels, width, height});
}

function end() {
  if (worker) worker.terminate();
  worker = null;
  byId('translate').disabled = false;
  byId('cancel').hidden = true;
}

function show(style, before, {pixels}) {
  const after = document.createElement('canvas'), figure = document.createElement('figure'), caption = document.createElement('figcaption');
  const title = document.createElement('strong'), link = document.createElement('a');
  after.width = before.width;
  after.height = before.height;
  after.getContext('2d').putImageData(new ImageData(pixels, after.width, after.height), 0, 0);
  title.textContent = style;
  Object.assign(link, {className: 'button', textContent: 'PNG', download: `${name}-${style}.png`});
  after.toBlob((blob) => { link.href = URL.createObjectURL(blob); }, 'image/png');
  caption.append(title, link);
  figure.append(slider(before, after, `${text('compare')}: ${style}`), caption);
  byId('result').prepend(figure);
  while (byId('result').children.length > 12) byId('result').lastChild.remove();
}

byId('files').addEventListener('change', (event) => { if (event.target.files[0]) open(event.target.files[0]); });
for (const kind of ['dragenter', 'dragover']) {
  document.addEventListener(kind, (event) => { event.preventDefault(); byId('drop').classList.add('over'); });
}
for (const kind of ['dragleave', 'drop']) {
  document.addEventListener(kind, (event) => { event.preventDefault(); byId('drop').classList.remove('over'); });
}
document.addEventListener('drop', (event) => { if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]); });
byId('zoom').addEventListener('input', () => crop.setShare(byId('zoom').value / 100));
byId('whole').addEventListener('change', () => crop.setWhole(byId('whole').checked));
byId('translate').addEventListener('click', translate);
byId('cancel').addEventListener('click', () => { end(); byId('state').textContent = text('cancelled'); });
onLanguage(() => {});
tell('');
loadStyles();
