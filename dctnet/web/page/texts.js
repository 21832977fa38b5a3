// Every text of the pages in both languages, and the choice of language and of light and dark.
const TEXTS = {
  en: {
    title: 'Portraits in a style', theme: 'Light / dark', styles: '1. Choose one style or several', photos: '2. Add photographs or short clips',
    results: '3. Compare and download', drop: 'Drop photographs and short clips here, or click to choose them',
    noStyles: 'No style is there: put model folders into the folder that the service was started with, then reload.',
    noStyleChosen: 'Choose a style first.', camera: 'Use the camera', shoot: 'Take the picture', cameraOff: 'Stop the camera',
    cameraRefused: 'The browser gives no camera to this page.',
    limits: (l) => `Up to ${l.megabytes} MB and ${l.megapixels} megapixels a picture; ${l.formats}. Pictures with a short side of ` +
      `more than ${l.short_side} pixels are translated at that size and enlarged again.`,
    clipLimits: (l) => `Clips: up to ${l.clips.megabytes} MB, ${l.clips.seconds} seconds, ${l.clips.frames} frames and ` +
      `${l.clips.megapixels} megapixels (4K); ${l.clips.formats}. They are translated at a short side of ${l.clips.short_side} pixels, ` +
      `and come out with at most ${l.clips.result_short_side}. Without a graphics card a second of a clip may take a minute.`,
    cancelAll: 'Cancel all', clear: 'Remove all', cancel: 'Cancel', remove: 'Remove', again: 'Try again', compare: 'Before and after',
    toSend: 'waits for its turn', uploading: 'uploading', waiting: (n) => `in the queue, ${n} before it`, running: 'translating',
    left: (s) => `about ${s} s left`, done: (n, s) => `${n ? `${n} face${n > 1 ? 's' : ''}` : 'no face found'}, ${s} s`,
    minutesLeft: (m) => `about ${m} min left`, frame: (f) => `frame ${f.done} of ${f.total}`, play: 'Play', pause: 'Pause', place: 'Place in the clip', mute: 'Sound off', unmute: 'Sound on',
    clipDone: (f, s) => `${f.total} frames${f.without_face ? `, ${f.without_face} without a face` : ''}` +
      `${f.failed ? `, ${f.failed} failed` : ''}, ${s} s`,
    damaged: 'the file is damaged, this is what could be read', no_sound: 'without its sound, which browsers do not play',
    cancelled: 'cancelled', summary: (d, n) => `${d} of ${n} done`,
    local: 'Pictures stay on the machine that runs this service; it forgets them once they are shown here.',
    open: 'This service is open to the network: others can use it, and pictures travel to it unencrypted.',
    too_large: (l) => `too large: up to ${l.megabytes} MB and ${l.megapixels} megapixels`, no_picture: 'no picture and no clip that can be read here',
    clip_too_large: (l) => `too large or too long: clips may have ${l.clips.megabytes} MB, ${l.clips.seconds} seconds, ${l.clips.frames} frames ` +
      `and ${l.clips.megapixels} megapixels`,
    bad_clip: (l, error) => `this clip cannot be translated: ${error}`,
    no_clips: 'Clips are not offered: this service has no ffmpeg. Whoever runs it can install it (pip install imageio-ffmpeg).',
    no_style: 'this style is not there any more', no_job: 'the service has forgotten this picture', gone: 'the service does not answer',
    offline: 'The service does not answer. Is it still running?', failed: 'failed', disk: 'the disk of the service is full',
    api: 'For programs: JSON', apiIntro: 'All that this page does goes through these addresses.',
    apiAbout: 'styles and limits', apiAdd: 'the picture or clip as body; answers 202 and the job with its id',
    apiJob: 'state (uploading, waiting, running, done, failed), ahead, expected_seconds, faces, frames, error',
    apiFile: 'the translation; the photograph, upright', apiClip: 'of a clip, also in parts (Range); first frames',
    apiDelete: 'cancel and forget; a running clip stops, the result of a running picture is thrown away',
    apiPreview: 'a portrait in the style', apiErrors: 'Errors: a status of 4xx or 5xx and {"error": {"code": …, "message": …}}. ' +
      '503 queue_full: try again after Retry-After seconds. Jobs that have ended are forgotten, the oldest first.',
    style: 'Style', photo: 'Photograph', choosePhoto: '1. Choose a style and a photograph', crop: '2. Put the head into the square', zoom: 'Size of the square',
    whole: 'The whole picture instead of the square', size: 'Pixels of the result', translate: '3. Translate', loading: 'loading the style',
    working: 'translating; this takes seconds to minutes on a phone', staticLocal: 'All is computed in this browser; no picture is sent anywhere.',
    asFile: 'This page has to come from a web host, even one on this machine: browsers load no program from files that are opened directly.',
    unreadable: 'This browser cannot read that file as a picture.', seconds: (s) => `${s} s`,
    cropHelp: 'Drag the square, or use the arrow keys; + and - change its size. Styles were trained on whole heads, the face about half as wide as the square.',
  },
  zh: {
    title: '人像风格化', theme: '浅色 / 深色', styles: '1. 选择一种或多种风格', photos: '2. 添加照片或短视频', results: '3. 对比与下载',
    drop: '把照片或短视频拖到这里，或点击选择', noStyles: '没有可用的风格：请把模型文件夹放入启动服务时指定的文件夹，然后刷新。',
    noStyleChosen: '请先选择风格。', camera: '使用摄像头', shoot: '拍照', cameraOff: '关闭摄像头', cameraRefused: '浏览器没有允许本页使用摄像头。',
    limits: (l) => `每张图片最大 ${l.megabytes} MB、${l.megapixels * 100} 万像素；支持 ${l.formats}。短边超过 ${l.short_side} 像素的图片会先缩小处理，再放大回原尺寸。`,
    clipLimits: (l) => `视频：最大 ${l.clips.megabytes} MB、${l.clips.seconds} 秒、${l.clips.frames} 帧、${l.clips.megapixels * 100} 万像素（4K）；支持 ${l.clips.formats}。` +
      `按短边 ${l.clips.short_side} 像素处理，输出短边最多 ${l.clips.result_short_side} 像素。没有显卡时，一秒视频可能需要一分钟。`,
    cancelAll: '全部取消', clear: '全部移除', cancel: '取消', remove: '移除', again: '重试', compare: '前后对比',
    toSend: '等待发送', uploading: '上传中', waiting: (n) => `排队中，前面还有 ${n} 个`, running: '处理中', left: (s) => `约剩 ${s} 秒`,
    done: (n, s) => `${n ? `${n} 张人脸` : '未检测到人脸'}，${s} 秒`,
    minutesLeft: (m) => `约剩 ${m} 分钟`, frame: (f) => `第 ${f.done} / ${f.total} 帧`, play: '播放', pause: '暂停', place: '播放位置', mute: '静音', unmute: '打开声音',
    clipDone: (f, s) => `${f.total} 帧${f.without_face ? `，${f.without_face} 帧未检测到人脸` : ''}${f.failed ? `，${f.failed} 帧失败` : ''}，${s} 秒`,
    damaged: '文件已损坏，仅显示可读取的部分', no_sound: '浏览器无法播放其声音，已省略', cancelled: '已取消', summary: (d, n) => `已完成 ${d} / ${n}`,
    local: '图片只保留在运行本服务的机器上，在此显示后即被删除。', open: '本服务对网络开放：他人可以使用，图片以未加密方式传输。',
    too_large: (l) => `文件过大：最大 ${l.megabytes} MB、${l.megapixels * 100} 万像素`, no_picture: '无法识别为图片或视频',
    clip_too_large: (l) => `文件过大或过长：视频最大 ${l.clips.megabytes} MB、${l.clips.seconds} 秒、${l.clips.frames} 帧、${l.clips.megapixels * 100} 万像素`,
    bad_clip: (l, error) => `无法处理该视频：${error}`, no_clips: '不支持视频：本服务没有 ffmpeg，可由运行者安装（pip install imageio-ffmpeg）。', no_style: '该风格已不存在',
    no_job: '服务已删除该图片', gone: '服务无响应', offline: '服务无响应，是否仍在运行？', failed: '失败', disk: '服务的磁盘已满',
    api: '程序接口（JSON）', apiIntro: '本页的所有功能都通过以下地址完成。', apiAbout: '风格与限制', apiAdd: '请求体为图片或视频；返回 202 和任务编号 id',
    apiJob: '状态（uploading、waiting、running、done、failed）、ahead、expected_seconds、faces、frames、error', apiFile: '结果图；摆正后的原图',
    apiClip: '视频的结果，可分段读取（Range）；首帧', apiDelete: '取消并删除；正在处理的视频会停止，正在处理的图片的结果会被丢弃', apiPreview: '该风格的示例头像',
    apiErrors: '出错时返回 4xx 或 5xx 以及 {"error": {"code": …, "message": …}}。503 queue_full：请在 Retry-After 秒后重试。已结束的任务会从最早的开始删除。',
    style: '风格', photo: '照片', choosePhoto: '1. 选择风格和照片', crop: '2. 把头部放进方框', zoom: '方框大小', whole: '处理整张图片而不是方框', size: '结果的像素', translate: '3. 开始处理',
    loading: '正在加载风格', working: '处理中；手机上可能需要几秒到几分钟', staticLocal: '一切都在本浏览器中计算，图片不会发送到任何地方。',
    asFile: '本页需要由网页服务器提供（本机的也可以）：浏览器不会从直接打开的文件加载程序。', unreadable: '本浏览器无法读取该文件。',
    seconds: (s) => `${s} 秒`, cropHelp: '拖动方框，或用方向键移动；按 + 和 - 改变大小。训练图片包含整个头部，人脸约为方框宽度的一半。',
  },
};

const wanted = (key, fallback) => { try { return localStorage.getItem(key) || fallback; } catch (error) { return fallback; } };
const keep = (key, value) => { try { localStorage.setItem(key, value); } catch (error) { /* a browser that keeps nothing */ } };
let language = wanted('language', navigator.language.startsWith('zh') ? 'zh' : 'en');
let theme = wanted('theme', matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
const listeners = [];

/** The text of a key in the chosen language; some texts take values. */
export function text(key, ...values) {
  const found = TEXTS[language][key];
  return typeof found === 'function' ? found(...values) : found;
}

export const known = (key) => key in TEXTS.en;

/** Fill all elements with data-text below `root`. */
export function fill(root) {
  for (const element of root.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
}

/** Call now, and again when the language changes. */
export function onLanguage(listener) {
  listeners.push(listener);
  listener();
}

function apply() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.documentElement.dataset.theme = theme;
  document.title = text('title');
  const button = document.getElementById('language');
  button.textContent = language === 'zh' ? 'English' : '中文';
  button.lang = language === 'zh' ? 'en' : 'zh';
  fill(document);
  for (const listener of listeners) listener();
}

document.getElementById('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  keep('language', language);
  apply();
});
document.getElementById('theme').addEventListener('click', () => {
  theme = theme === 'dark' ? 'light' : 'dark';
  keep('theme', theme);
  apply();
});
apply();
