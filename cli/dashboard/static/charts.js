// Charts: what a page carries as JSON, drawn with uPlot in the colours of the page.
"use strict";

(() => {
  const drawn = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tone = (line) => (line.colour === "faint" ? colour("--dots") : colour(`--c${line.colour % 8}`));

  const short = (value) => {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  };

  // Of a logarithmic axis, powers of ten are kept, and of many of these, every so many.
  const powers = (_, splits) => {
    const exponents = splits.map((value) => Math.round(Math.log10(value) * 1e6) / 1e6);
    const whole = exponents.filter(Number.isInteger);
    const every = Math.ceil(whole.length / 7);
    return splits.map((value, place) => (Number.isInteger(exponents[place]) && exponents[place] % every === 0 ? value : null));
  };
  const power = (value) => (value === null ? "" : value >= 1 && value < 1e5 ? String(Math.round(value)) : `1e${Math.round(Math.log10(value))}`);

  // Of what is counted, no halves.
  const WHOLE = [1, 2, 5].flatMap((one) => [0, 1, 2, 3, 4, 5, 6, 7].map((zeros) => one * 10 ** zeros)).sort((a, b) => a - b);

  function series(line) {
    const stroke = tone(line);
    const base = { label: line.label, stroke, spanGaps: true, value: (_, value) => short(value) };
    if (line.kind === "dots") return { ...base, paths: () => null, points: { show: true, size: 5, stroke, fill: stroke, width: 0 } };
    if (line.kind === "rings") return { ...base, paths: () => null, points: { show: true, size: 8, stroke, fill: "transparent", width: 1.5 } };
    if (line.kind === "step") return { ...base, width: 2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } };
    if (line.kind === "edge") return { ...base, width: 0.5, points: { show: false } };
    if (line.kind === "spots") return { ...base, paths: () => null, points: { show: true, size: 11, stroke, fill: stroke, width: 0 } };
    return { ...base, width: 2, points: { show: false } };
  }

  function make(place, data, key) {
    const ink = colour("--faint");
    const axis = (label, log, size) => {
      const grid = { stroke: colour("--line"), width: 1, ...(log ? { filter: powers } : {}) };
      const values = (_, all) => all.map((value) => (value === null ? "" : log ? power(value) : short(value)));
      const font = "11px system-ui";
      return { stroke: ink, grid, ticks: grid, label, labelSize: 18, size, font, labelFont: font, values, ...(log ? { filter: powers } : {}) };
    };
    const range = data.ymin === undefined ? undefined : (self, low, high) => (self.zoomed ? [low, high] : [data.ymin, data.ymax]);
    const options = {
      width: Math.max(place.clientWidth, 200),
      height: place.clientHeight || 240,
      legend: { live: true },
      cursor: { focus: { prox: 24 }, drag: { x: true, y: true, uni: 30 }, points: { size: 7 } },
      focus: { alpha: 0.35 },
      scales: { x: { time: false, distr: data.xlog ? 3 : 1 }, y: { distr: data.ylog ? 3 : 1, ...(range ? { range } : {}) } },
      axes: [{ ...axis(data.xlabel, data.xlog, 34), ...(!data.xlog && data.x.every(Number.isInteger) ? { incrs: WHOLE } : {}) }, axis(data.ylabel, data.ylog, 54)],
      series: [{ label: data.xlabel, value: (self, value, _, index) => (index === null || index === undefined || !data.names ? short(value) : data.names[index]) }, ...data.lines.map(series)],
      // Between two lines: an interval.
      bands: (data.bands ?? []).map(([high, low]) => ({ series: [high + 1, low + 1], fill: `${tone(data.lines[high])}26` })),
      hooks: { setSelect: [(self) => { self.zoomed = true; }] },
    };
    place.replaceChildren();
    const chart = new uPlot(options, [data.x, ...data.lines.map((line) => line.values)], place);
    chart.over.addEventListener("dblclick", () => { chart.zoomed = false; chart.setData(chart.data); });
    if (data.links) {
      let down = null;
      chart.over.addEventListener("mousedown", (event) => { down = [event.clientX, event.clientY]; });
      chart.over.addEventListener("click", (event) => {
        const still = down && Math.abs(event.clientX - down[0]) + Math.abs(event.clientY - down[1]) < 4;
        const index = chart.cursor.idx;
        if (!still || index === null || !data.links[index]) return;
        if (data.frozen) document.dispatchEvent(new CustomEvent("show-program", { detail: data.links[index] }));
        else location.href = data.links[index];
      });
    }
    drawn.set(key, { chart, place });
    return chart;
  }

  window.drawCharts = (anew = false) => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const key = place.dataset.chart;
      const text = document.getElementById(key)?.textContent;
      if (!text) continue;
      const known = drawn.get(key);
      if (known && known.place === place && known.text === text && !anew) continue;
      const zoomed = known && known.place === place && known.chart.zoomed && !anew;
      const kept = zoomed ? { x: { ...known.chart.scales.x }, y: { ...known.chart.scales.y } } : null;
      known?.chart.destroy();
      const chart = make(place, JSON.parse(text), key);
      if (kept) {
        chart.zoomed = true;
        chart.setScale("x", { min: kept.x.min, max: kept.x.max });
        chart.setScale("y", { min: kept.y.min, max: kept.y.max });
      }
      drawn.get(key).text = text;
    }
    for (const [key, { chart, place }] of drawn) if (!place.isConnected) { chart.destroy(); drawn.delete(key); }
  };

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => window.drawCharts(true));
  let timer = null;
  addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { for (const { chart, place } of drawn.values()) chart.setSize({ width: Math.max(place.clientWidth, 200), height: chart.height }); }, 120);
  });
})();
