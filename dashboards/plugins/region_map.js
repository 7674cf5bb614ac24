/**
 * Superset chart plugin: rows of region and measure flow in, a clickable choropleth drawn as SVG flows out.
 * SVG, not WebGL with map tiles: it needs no network, no graphics card, and prints sharply.
 */
const { shared } = await import(`./shared.js${new URL(import.meta.url).search}`);
const { createElement: h, useEffect, useMemo, useState } = shared('react');
const {
  Behavior,
  ChartMetadata,
  ChartPlugin,
  buildQueryContext,
  getMetricLabel,
  getNumberFormatter,
  getSequentialSchemeRegistry,
} = shared('@superset-ui/core');
const { sharedControls } = shared('@superset-ui/chart-controls');

const MARGIN = { top: 8, right: 12, bottom: 12, left: 12 };
const NO_DATA = '#E8ECF1';
const HIGHLIGHT = '#E08A1E';
const INK = '#1B2B41';
const SHORT = [['恩施土家族苗族自治州', '恩施'], ['神农架林区', '神农架']];

const shapeFiles = {};
function loadShapes(name) {
  const url = new URL(`../shapes/${name}.geojson`, import.meta.url);
  url.search = new URL(import.meta.url).search;
  shapeFiles[name] ??= fetch(url).then(answer => {
    if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`);
    return answer.json();
  });
  return shapeFiles[name];
}

const shortName = name => (SHORT.find(([long]) => long === name) ?? [name, name.replace(/市$/, '')])[1];
const mercator = ([longitude, latitude]) => [
  (longitude * Math.PI) / 180,
  -Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)),
];

function bounds(points) {
  const xs = points.map(point => point[0]);
  const ys = points.map(point => point[1]);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/** How far the outline stays away from a point: small regions have room for their name only. */
const clearance = ([x, y], ring) => Math.min(...ring.map(([a, b]) => Math.hypot(a - x, b - y)));

/** Fits all regions into the given size; every region comes with its outline, label point and extent in pixels. */
function project(shapes, width, height) {
  const box = bounds(shapes.features.flatMap(feature => feature.geometry.coordinates.flat(2)).map(mercator));
  const room = { x: width - MARGIN.left - MARGIN.right, y: height - MARGIN.top - MARGIN.bottom };
  const scale = Math.min(room.x / (box.right - box.left), room.y / (box.bottom - box.top));
  const shift = {
    x: MARGIN.left + (room.x - scale * (box.right - box.left)) / 2,
    y: MARGIN.top + (room.y - scale * (box.bottom - box.top)) / 2,
  };
  const place = point => {
    const [x, y] = mercator(point);
    return [shift.x + scale * (x - box.left), shift.y + scale * (y - box.top)];
  };
  return shapes.features.map(({ properties, geometry }) => {
    const largest = geometry.coordinates.reduce((a, b) => (a[0].length > b[0].length ? a : b));
    const label = place([properties.longitude, properties.latitude]);
    return {
      name: properties.city_name,
      label,
      roomy: clearance(label, largest[0].map(place)) > 21,
      outline: geometry.coordinates
        .flat()
        .map(ring => `M${ring.map(point => place(point).map(n => n.toFixed(1)).join(',')).join('L')}Z`)
        .join(''),
    };
  });
}

/** White on dark, ink on light: the label stays readable on every colour of the scale. */
function ink(colour) {
  const [red, green, blue] = (colour.match(/^#/) ? colour.slice(1).match(/../g).map(c => parseInt(c, 16)) : colour.match(/[\d.]+/g).map(Number));
  return red * 0.299 + green * 0.587 + blue * 0.114 < 140 ? '#FFFFFF' : INK;
}

/** A label is wider than a small region: a rim of the ground it was made for keeps it readable on its neighbours. */
const rim = fill => (fill === '#FFFFFF' ? INK : 'rgba(255,255,255,.85)');

function Legend({ extent, colours, format, title, width }) {
  const stops = colours.map((colour, i) => h('stop', { key: i, offset: i / (colours.length - 1), stopColor: colour }));
  return h(
    'g',
    { transform: `translate(${width - 178},24)`, fontSize: 12, fill: '#51617A' },
    h('defs', null, h('linearGradient', { id: 'region-map-scale' }, stops)),
    h('text', { y: -8, fontWeight: 500 }, title),
    h('rect', { width: 150, height: 10, rx: 2, fill: 'url(#region-map-scale)' }),
    h('text', { y: 26 }, format(extent[0])),
    h('text', { x: 150, y: 26, textAnchor: 'end' }, format(extent[1])),
  );
}

function Tooltip({ hover, row, measures, width }) {
  const left = hover.x > width - 210 ? hover.x - 200 : hover.x + 16;
  return h(
    'div',
    {
      style: {
        position: 'absolute', left, top: Math.max(hover.y - 20, 4), width: 186, pointerEvents: 'none', zIndex: 5,
        background: '#fff', border: '1px solid #D5DDE8', borderRadius: 4, padding: '8px 12px', fontSize: 13,
        boxShadow: '0 4px 14px rgba(20,40,80,.16)', color: INK, lineHeight: 1.7,
      },
    },
    h('div', { style: { fontWeight: 600, marginBottom: 2 } }, hover.name),
    row
      ? measures.map(({ key, label, format }) =>
          h(
            'div',
            { key, style: { display: 'flex', justifyContent: 'space-between' } },
            h('span', { style: { color: '#51617A' } }, label),
            h('span', null, row[key] == null ? '—' : format(row[key])),
          ),
        )
      : h('div', { style: { color: '#8290A5' } }, '暂无数据'),
  );
}

function RegionMap({ width, height, rows, entity, measures, scheme, shapesName, selected, onSelect, onMenu }) {
  const [shapes, setShapes] = useState(null);
  const [failure, setFailure] = useState(null);
  const [hover, setHover] = useState(null);
  useEffect(() => {
    loadShapes(shapesName).then(setShapes, error => setFailure(error.message));
  }, [shapesName]);
  const regions = useMemo(() => (shapes ? project(shapes, width, height) : []), [shapes, width, height]);
  if (failure) return h('div', { style: { padding: 24, color: '#C8372D' } }, `地图边界载入失败：${failure}`);

  const main = measures[0];
  const byName = new Map(rows.map(row => [row[entity], row]));
  const values = rows.map(row => row[main.key]).filter(value => value != null);
  const extent = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const scale = scheme.createLinearScale(extent[0] === extent[1] ? [0, extent[1] || 1] : extent);
  const colour = name => (byName.get(name)?.[main.key] == null ? NO_DATA : scale(byName.get(name)[main.key]));
  const point = event => {
    const frame = event.currentTarget.ownerSVGElement.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };
  const ordered = [...regions].sort((a, b) => selected.includes(a.name) - selected.includes(b.name));

  return h(
    'div',
    { className: 'region-map', style: { position: 'relative', width, height } },
    h(
      'svg',
      { width, height, role: 'group', 'aria-label': main.label },
      ordered.map(({ name, outline }) =>
        h('path', {
          key: name,
          d: outline,
          'data-region': name,
          role: 'button',
          tabIndex: 0,
          'aria-label': name,
          'aria-pressed': selected.includes(name),
          fill: colour(name),
          fillRule: 'evenodd',
          fillOpacity: selected.length && !selected.includes(name) ? 0.35 : 1,
          stroke: selected.includes(name) ? HIGHLIGHT : '#FFFFFF',
          strokeWidth: selected.includes(name) ? 3 : hover?.name === name ? 2.5 : 1.2,
          strokeLinejoin: 'round',
          style: { cursor: 'pointer', outline: 'none', transition: 'fill-opacity .2s' },
          onClick: event => onSelect(name, event.ctrlKey || event.metaKey),
          onKeyDown: event => ['Enter', ' '].includes(event.key) && onSelect(name, event.ctrlKey),
          onContextMenu: event => {
            setHover(null);
            onMenu(event, name);
          },
          onMouseMove: event => setHover({ name, ...point(event) }),
          onMouseLeave: () => setHover(null),
        }),
      ),
      regions.map(({ name, label: [x, y], roomy }) => {
        const row = byName.get(name);
        const dimmed = selected.length && !selected.includes(name);
        const fill = dimmed ? '#51617A' : ink(colour(name));
        const text = (content, dy, size, weight) =>
          h(
            'text',
            {
              key: dy, x, y: y + dy, fontSize: size, fontWeight: weight, fill, textAnchor: 'middle',
              stroke: rim(fill), strokeWidth: 2.5, strokeLinejoin: 'round', paintOrder: 'stroke',
            },
            content,
          );
        // Every region tells its figure; where there is little room, in small letters close under the name.
        const figure = row?.[main.key] == null ? '—' : main.format(row[main.key]);
        return h(
          'g',
          { key: name, style: { pointerEvents: 'none' } },
          text(shortName(name), -2, roomy ? 13 : 11, 500),
          text(figure, roomy ? 14 : 9, roomy ? 12 : 10, 400),
        );
      }),
      h(Legend, { extent, colours: scheme.colors, format: main.format, title: main.label, width }),
    ),
    hover && h(Tooltip, { hover, row: byName.get(hover.name), measures, width }),
  );
}

function buildQuery(formData) {
  const { entity, metric, secondary_metrics: others = [] } = formData;
  return buildQueryContext(formData, base => [{ ...base, columns: [entity], metrics: [metric, ...others], orderby: [] }]);
}

function dataMask(entity, names) {
  return {
    extraFormData: { filters: names.length ? [{ col: entity, op: 'IN', val: names }] : [] },
    filterState: { value: names.length ? names : null, selectedValues: names.length ? names : null, label: names.join('、') || null },
  };
}

function transformProps({ width, height, formData, queriesData, hooks, filterState, emitCrossFilters, datasource }) {
  const { entity, metric, secondaryMetrics = [], linearColorScheme, numberFormat, shapes } = formData;
  const formats = { ...datasource.columnFormats, [getMetricLabel(metric)]: numberFormat };
  const measures = [metric, ...secondaryMetrics].map(getMetricLabel).map(key => ({
    key,
    label: datasource.verboseMap?.[key] ?? key,
    format: getNumberFormatter(formats[key]),
  }));
  const selected = filterState?.selectedValues ?? [];
  const toggled = (name, add) => {
    const without = selected.filter(value => value !== name);
    if (without.length < selected.length) return add ? without : selected.length > 1 ? [name] : [];
    return add ? [...selected, name] : [name];
  };
  return {
    width,
    height,
    rows: queriesData[0].data,
    entity,
    measures,
    scheme: getSequentialSchemeRegistry().get(linearColorScheme) ?? getSequentialSchemeRegistry().get(),
    shapesName: shapes,
    selected,
    onSelect: (name, add) => emitCrossFilters && hooks.setDataMask(dataMask(entity, toggled(name, add))),
    onMenu: (event, name) => {
      if (!hooks.onContextMenu) return;
      event.preventDefault();
      event.stopPropagation();
      const filter = { col: entity, op: '==', val: name, formattedVal: name };
      hooks.onContextMenu(event.clientX, event.clientY, {
        drillToDetail: [filter],
        crossFilter: { dataMask: dataMask(entity, toggled(name, false)), isCurrentValueSelected: selected.includes(name) },
        drillBy: { filters: [filter], groupbyFieldName: 'entity' },
      });
    },
  };
}

const controlPanel = {
  controlPanelSections: [
    {
      label: '查询',
      expanded: true,
      controlSetRows: [['entity'], ['metric'], [{ name: 'secondary_metrics', config: { ...sharedControls.metrics, label: '提示中的其他指标', validators: [] } }], ['adhoc_filters'], ['row_limit']],
    },
    {
      label: '图表选项',
      expanded: true,
      controlSetRows: [
        [{ name: 'shapes', config: { type: 'SelectControl', label: '区域边界', default: 'hubei_city', choices: [['hubei_city', '湖北省市州']], renderTrigger: true } }],
        ['linear_color_scheme'],
        [{ name: 'number_format', config: { type: 'TextControl', label: '数值格式', default: ',d', renderTrigger: true } }],
      ],
    },
  ],
  controlOverrides: { entity: { label: '区域' } },
};

class RegionMapPlugin extends ChartPlugin {
  constructor() {
    super({
      metadata: new ChartMetadata({
        name: '区域地图',
        description: '按区域着色的地图，点击区域即可联动筛选。',
        category: '地图',
        tags: [],
        thumbnail: new URL('favicon.svg', import.meta.url).pathname,
        behaviors: [Behavior.InteractiveChart, Behavior.DrillToDetail, Behavior.DrillBy],
      }),
      Chart: RegionMap,
      buildQuery,
      transformProps,
      controlPanel,
    });
  }
}

new RegionMapPlugin().configure({ key: 'region_map' }).register();
