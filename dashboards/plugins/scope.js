/**
 * Superset chart plugin: the first and last day of every kind of act flow in, a line of text flows out that says how far
 * the figures of a page reach, which months are not whole, and which kinds of acts nobody delivers.
 */
const version = new URL(import.meta.url).search;
const [{ shared }] = await Promise.all([import(`./shared.js${version}`), import(`./picture.js${version}`)]);
const { createElement: h } = shared('react');
const { Behavior, ChartMetadata, ChartPlugin, buildQueryContext } = shared('@superset-ui/core');

/** A day as the server sends it: text, or milliseconds since 1970. */
const day = value => (value == null ? null : new Date(value).toISOString().slice(0, 10));
const chinese = text => text.replace(/^(\d+)-0?(\d+)-0?(\d+)$/, '$1年$2月$3日');
const month = text => text.replace(/^(\d+)-0?(\d+)-.*$/, '$1年$2月');
const lastOfMonth = text => new Date(Date.UTC(+text.slice(0, 4), +text.slice(5, 7), 0)).toISOString().slice(0, 10);

function reach(rows) {
  const first = rows.map(row => day(row.first_day)).filter(Boolean).sort()[0];
  const last = rows.map(row => day(row.last_day)).filter(Boolean).sort().at(-1);
  return first && { first, last };
}

/** The months at either end of which only some days are there. */
function partial({ first, last }) {
  const begun = first.endsWith('-01') ? null : `${month(first)}自${+first.slice(8)}日起`;
  const ended = last === lastOfMonth(last) ? null : `${month(last)}至${+last.slice(8)}日止`;
  return [begun, ended].filter(Boolean).join('，');
}

function sentences({ chosen, all, acts, entity }) {
  const names = rows => new Set(rows.map(row => row[entity]));
  const without = (rows, others) => acts.filter(([kind]) => !names(rows).has(kind) && names(others).has(kind));
  const undelivered = acts.filter(([kind]) => !names(all).has(kind)).map(([, title]) => title);
  const [whole, period] = [reach(all), reach(chosen)];
  if (!whole) return { missing: '尚无部门报送本页所需的数据：以下各图为空，不表示没有发生。' };
  const absent = without(chosen, all).map(([, title]) => title);
  return {
    until: `数据截至 ${chinese(whole.last)}`,
    period: period ? `统计期间 ${chinese(period.first)}至${chinese(period.last)}` : '所选范围内没有数据',
    partial: period && partial(period) && `不足整月：${partial(period)}`,
    missing: [
      undelivered.length && `尚无部门报送：${undelivered.join('、')}`,
      period && absent.length && `所选范围内没有：${absent.join('、')}`,
    ].filter(Boolean).join('；'),
  };
}

/** What was chosen on the page, by filter or on the map: 市州：武汉市、黄石市；月份：2026-06. A picture says so (picture.js). */
function chosenFilters({ filters = [] }, titles) {
  const texts = filters.map(({ col, val }) => `${titles[col] ?? col}：${[val].flat().join('、')}`);
  return [...new Set(texts)].join('；');
}

function Scope({ width, height, said, filters }) {
  const parts = ['until', 'period', 'partial', 'missing'].filter(key => said[key]);
  return h(
    'div',
    { className: 'data-scope', 'data-filters': filters, style: { width, maxHeight: height, overflow: 'auto', display: 'flex', flexWrap: 'wrap', columnGap: 24, lineHeight: '22px', fontSize: 14 } },
    parts.map(key => h('span', { key, style: key === 'missing' ? { color: '#C8372D', fontWeight: 600 } : key === 'until' ? { fontWeight: 600 } : {} }, said[key])),
  );
}

/**
 * What was chosen on the page, and everything that the page is about. Before them that in one row, which is there even
 * where nothing is: Superset would draw an empty chart's picture in the place of one whose first answer has no rows.
 */
function buildQuery(formData) {
  const ask = (asked, columns) => buildQueryContext(asked, base => [{ ...base, columns, metrics: asked.metrics, orderby: [] }]);
  const unfiltered = { ...formData, extra_form_data: {}, adhoc_filters: formData.adhoc_filters.filter(one => !one.isExtra) };
  const asked = [ask(unfiltered, []), ask(formData, [formData.entity]), ask(unfiltered, [formData.entity])];
  return { ...asked[0], queries: asked.flatMap(({ queries }) => queries) };
}

const transformProps = ({ width, height, formData, rawFormData, queriesData }) => {
  const [, chosen, all] = queriesData.map(answer => answer.data);
  const filters = chosenFilters(rawFormData.extra_form_data ?? {}, rawFormData.filter_titles);
  return { width, height, filters, said: sentences({ chosen, all, acts: formData.acts, entity: formData.entity }) };
};

class ScopePlugin extends ChartPlugin {
  constructor() {
    super({
      metadata: new ChartMetadata({
        name: '数据范围',
        description: '数据截至哪一天、统计期间和不足整月的月份。',
        category: '其他',
        tags: [],
        thumbnail: new URL('favicon.svg', import.meta.url).pathname,
        behaviors: [Behavior.InteractiveChart],
      }),
      Chart: Scope,
      buildQuery,
      transformProps,
      controlPanel: { controlPanelSections: [] },
    });
  }
}

new ScopePlugin().configure({ key: 'scope' }).register();
