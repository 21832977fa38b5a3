'use strict';
var study = JSON.parse(document.querySelector('#study').textContent);
var TEXT = {content: 'Which picture keeps the person and the content of the photograph better?',
            style: 'Which picture looks better as a work of its style?'};

// The participant: from ?p=NAME in the address, else one drawn once and kept on this device.
var personKey = 'dctnet-study-person';
var person = new URLSearchParams(location.search).get('p') || localStorage.getItem(personKey);
if (!person) {
  person = Array.from(crypto.getRandomValues(new Uint32Array(3)), function (n) { return n.toString(36); }).join('');
  localStorage.setItem(personKey, person);
}

// Order and sides are a pure function of the study and the participant: each question gets a hash, and is sorted by it.
function hash(text) {
  var h = 2166136261;
  for (var i = 0; i < text.length; i++) { h = Math.imul(h ^ text.charCodeAt(i), 16777619); }
  h = Math.imul(h ^ (h >>> 16), 2246822507);
  h = Math.imul(h ^ (h >>> 13), 3266489909);
  return (h ^ (h >>> 16)) >>> 0;
}
function keyOf(item) { return JSON.stringify(item); }
function draw(item, use) { return hash([study.id, person, use, keyOf(item)].join('|')); }
var items = study.items.slice().sort(function (a, b) {
  return draw(a, 'order') - draw(b, 'order') || (keyOf(a) < keyOf(b) ? -1 : 1);
});
function sides(item) { return draw(item, 'side') % 2 ? [item[2], item[1]] : [item[1], item[2]]; }

var answersKey = 'dctnet-study-' + study.id + '-' + person;
var choices = JSON.parse(localStorage.getItem(answersKey) || '{}');
var position = 0;
function $(id) { return document.getElementById(id); }

function show() {
  var item = items[position], done = !item;
  $('ask').hidden = done;
  $('thanks').hidden = !done;
  $('back').disabled = position === 0;
  $('progress').value = position;
  $('progress').max = items.length;
  $('count').textContent = Math.min(position + 1, items.length) + ' of ' + items.length;
  if (done) { return; }
  $('question').textContent = TEXT[item[3]];
  $('photo').src = study.pictures[item[0]][''];
  sides(item).forEach(function (method, side) { $('image' + side).src = study.pictures[item[0]][method]; });
}
function choose(side) {
  var item = items[position];
  if (!item) { return; }
  choices[keyOf(item)] = sides(item)[side];
  localStorage.setItem(answersKey, JSON.stringify(choices));
  position += 1;
  show();
}
function back() { position = Math.max(0, position - 1); show(); }
function exported() {
  var answers = items.filter(function (item) { return choices[keyOf(item)]; }).map(function (item) {
    return {item: item, choice: choices[keyOf(item)]};
  });
  return {study: study.id, methods: study.methods, names: study.names, participant: person, answers: answers};
}
function save() {
  var link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(exported(), null, 1)], {type: 'application/json'}));
  link.download = 'answers-' + study.id + '-' + hash(person).toString(36) + '.json';
  link.click();
}
$('choice0').addEventListener('click', function () { choose(0); });
$('choice1').addEventListener('click', function () { choose(1); });
$('back').addEventListener('click', back);
$('export').addEventListener('click', save);
document.addEventListener('keydown', function (event) {
  var side = {'1': 0, ArrowLeft: 0, '2': 1, ArrowRight: 1}[event.key];
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) { return; }
  if (side !== undefined) { choose(side); }
  if (event.key === 'Backspace') { back(); }
});
while (items[position] && choices[keyOf(items[position])]) { position += 1; }
show();
