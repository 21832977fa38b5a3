// A picture from the camera, if the browser has one for this page (it must come from this machine, or through TLS).
import {text} from './texts.js';

const view = document.getElementById('camera-view'), video = document.getElementById('video');
let stream = null;

/** Show the buttons; `take` gets each picture as a File, `tell` a text if the camera is refused. */
export function offerCamera(take, tell) {
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return;
  const start = document.getElementById('camera');
  start.hidden = false;
  start.addEventListener('click', async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({video: {width: {ideal: 1280}, facingMode: 'user'}});
    } catch (error) {
      tell(text('cameraRefused'));
      return;
    }
    video.srcObject = stream;
    view.hidden = false;
    await video.play();
  });
  document.getElementById('shoot').addEventListener('click', () => {
    if (!stream || !video.videoWidth) return;
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d').drawImage(video, 0, 0);
    canvas.toBlob((blob) => take(new File([blob], `camera-${Date.now()}.png`, {type: 'image/png'})), 'image/png');
  });
  document.getElementById('camera-off').addEventListener('click', () => {
    for (const track of stream ? stream.getTracks() : []) track.stop();
    stream = video.srcObject = null;
    view.hidden = true;
  });
}
