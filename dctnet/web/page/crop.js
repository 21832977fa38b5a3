// A square on a photograph, moved by pointer, finger or keys.

/** Draws `photo` (ImageBitmap) and a square on a canvas. Returns {square, setShare, draw}; square() is {x, y, side} in the
 *  photograph's pixels, setShare sets its side as a share of the shorter side. */
export function cropper(canvas, photo, onShare) {
  const scale = Math.min(1, 640 / photo.width, 560 / photo.height), shortest = Math.min(photo.width, photo.height);
  const context = canvas.getContext('2d');
  const center = {x: photo.width / 2, y: photo.height * 0.42};
  let share = 0.8, whole = false, from = null;
  canvas.width = Math.max(1, Math.round(photo.width * scale));
  canvas.height = Math.max(1, Math.round(photo.height * scale));

  function square() {
    const side = Math.max(1, Math.round(shortest * share));
    const within = (value, length) => Math.round(Math.min(Math.max(value - side / 2, 0), length - side));
    return {x: within(center.x, photo.width), y: within(center.y, photo.height), side};
  }

  function draw() {
    const {x, y, side} = square(), at = [x * scale, y * scale, side * scale, side * scale];
    context.drawImage(photo, 0, 0, canvas.width, canvas.height);
    if (whole) return;
    context.fillStyle = 'rgba(0, 0, 0, 0.55)';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(photo, x, y, side, side, ...at);
    context.strokeStyle = '#fff';
    context.lineWidth = 2;
    context.strokeRect(...at);
  }

  function move(dx, dy) {
    const {x, y, side} = square(); // from where it is shown, not from outside
    center.x = x + side / 2 + dx;
    center.y = y + side / 2 + dy;
    draw();
  }

  function setShare(value) {
    share = Math.min(1, Math.max(0.1, value));
    draw();
  }

  canvas.onpointerdown = (event) => { from = event; canvas.setPointerCapture(event.pointerId); };
  canvas.onpointerup = canvas.onpointercancel = () => { from = null; };
  canvas.onpointermove = (event) => {
    if (!from) return;
    const factor = photo.width / canvas.getBoundingClientRect().width;
    move((event.clientX - from.clientX) * factor, (event.clientY - from.clientY) * factor);
    from = event;
  };
  canvas.onkeydown = (event) => {
    const step = shortest / 50, moves = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step]};
    if (event.key in moves) move(...moves[event.key]);
    else if (event.key === '+' || event.key === '-') { setShare(share + (event.key === '+' ? 0.02 : -0.02)); onShare(share); }
    else return;
    event.preventDefault();
  };
  draw();
  return {square, setShare, draw, setWhole: (value) => { whole = value; draw(); }};
}
