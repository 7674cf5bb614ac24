/**
 * A chart's copy that Superset is about to make a picture of flows in; it leaves with what a reader needs who sees the
 * picture alone: page, data date, period and the filters in force. What only serves the screen is taken off.
 */
const SCREEN_ONLY = '.dt-select-page-size, .search-select-container, .header-controls';

function lines() {
  const title = document.querySelector('.dashboard-header-container .input-sizer, .dashboard-header-container h1');
  const scope = document.querySelector('.data-scope');
  const said = scope ? [...scope.children].map(part => part.textContent) : [];
  return [[title?.textContent, ...said].filter(Boolean).join('　'), `筛选：${scope?.dataset.filters || '无'}`];
}

/** Called by the download of a picture, see scripts.py. */
globalThis.lakewardenPicture = copy => {
  copy.querySelectorAll(SCREEN_ONLY).forEach(part => part.remove());
  if (copy.querySelector('.data-scope')) return;
  const note = document.createElement('div');
  note.className = 'picture-scope';
  note.style.cssText = 'padding: 4px 0 6px; color: #51617A; font-size: 12px; line-height: 1.5; white-space: normal;';
  note.replaceChildren(...lines().map(text => Object.assign(document.createElement('div'), { textContent: text })));
  const heading = copy.querySelector('[data-test="slice-header"]');
  if (heading) heading.after(note);
  else copy.prepend(note);
};
