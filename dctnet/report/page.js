'use strict';
// Values under the pointer: each chart's data is JSON beside it, metric -> [[step, value], ...].
document.querySelectorAll('.chart').forEach(function (chart) {
  var svg = chart.querySelector('svg');
  if (!svg) { return; }
  var data = JSON.parse(chart.querySelector('script').textContent);
  var line = svg.querySelector('.pointer');
  var left = +svg.dataset.left, right = +svg.dataset.right, first = +svg.dataset.first, last = +svg.dataset.last;

  function nearest(points, step) {
    return points.reduce(function (best, point) {
      return Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best;
    });
  }

  function show(event) {
    var box = svg.getBoundingClientRect();
    var x = Math.min(right, Math.max(left, (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width));
    var step = first + (x - left) / (right - left) * (last - first);
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
    line.style.visibility = 'visible';
    chart.querySelectorAll('output').forEach(function (output) {
      output.textContent = nearest(data[output.dataset.name], step)[1];
    });
    chart.querySelector('.at').textContent = 'step ' + Math.round(step);
  }
  svg.addEventListener('pointermove', show);
  svg.addEventListener('pointerdown', show);
});

// The slider over the sample sheets.
var slider = document.querySelector('#step');
if (slider) {
  var sheets = JSON.parse(document.querySelector('#sheets').textContent);
  var showSheet = function () {
    var sheet = sheets[+slider.value];
    document.querySelector('#sheet').src = sheet.src;
    document.querySelector('#sheet').alt = 'samples of step ' + sheet.step;
    document.querySelector('#sheet-step').textContent = sheet.step;
  };
  slider.addEventListener('input', showSheet);
  showSheet();
}
