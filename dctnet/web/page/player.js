// Before and after of a clip. If the browser plays both, they run together behind one line, with controls of their own;
// else what it can show of the photographed clip stands beside the result.
import {slider} from './slider.js';
import {text} from './texts.js';

const DRIFT = 0.06; // seconds that the two may be apart
const PATIENCE = 8000; // milliseconds for a browser to find out whether it plays a file

/** A video element of an address. */
export function video(address) {
  const made = document.createElement('video');
  Object.assign(made, {src: address, playsInline: true, preload: 'auto'});
  return made;
}

/** Whether the browser plays a video; its width and height are known then. */
export function plays(made) {
  return new Promise((resolve) => {
    if (made.readyState > 0) resolve(made.videoWidth > 0);
    made.addEventListener('loadedmetadata', () => resolve(made.videoWidth > 0));
    made.addEventListener('error', () => resolve(false));
    setTimeout(() => resolve(false), PATIENCE);
  });
}

/** The two in one place; `after` leads and is heard. */
export function player(before, after, label) {
  const box = document.createElement('div'), controls = document.createElement('div');
  box.className = 'player';
  controls.className = 'controls';
  before.muted = true;
  const play = document.createElement('button'), place = document.createElement('input'), time = document.createElement('span');
  const sound = document.createElement('button');
  play.type = sound.type = 'button';
  Object.assign(place, {type: 'range', min: 0, max: after.duration || 1, step: 'any', value: 0});
  const show = () => {
    play.dataset.text = after.paused ? 'play' : 'pause';
    play.textContent = text(play.dataset.text);
    sound.dataset.text = after.muted ? 'unmute' : 'mute';
    sound.textContent = text(sound.dataset.text);
    place.setAttribute('aria-label', text('place'));
    place.value = after.currentTime;
    time.textContent = `${after.currentTime.toFixed(1)} / ${(after.duration || 0).toFixed(1)} s`;
  };
  const follow = () => {
    if (Math.abs(before.currentTime - after.currentTime) > (after.paused ? 0 : DRIFT)) before.currentTime = after.currentTime;
  };
  play.addEventListener('click', () => (after.paused ? after.play() : after.pause()));
  sound.addEventListener('click', () => { after.muted = !after.muted; });
  place.addEventListener('input', () => { after.currentTime = Number(place.value); });
  after.addEventListener('play', () => { follow(); before.play().catch(() => {}); });
  for (const name of ['pause', 'ended', 'waiting']) after.addEventListener(name, () => { before.pause(); follow(); });
  after.addEventListener('playing', () => before.play().catch(() => {}));
  for (const name of ['seeking', 'seeked', 'timeupdate']) after.addEventListener(name, follow);
  for (const name of ['play', 'pause', 'seeked', 'timeupdate', 'volumechange']) after.addEventListener(name, show);
  show();
  controls.append(play, place, time, sound);
  box.append(slider(before, after, label), controls);
  return box;
}

/** A picture of the photographed clip beside the result, which has the browser's own controls. */
export function pair(picture, after) {
  const box = document.createElement('div');
  box.className = 'pair';
  after.controls = true;
  box.append(picture, after);
  return box;
}
