// Draws <canvas data-chart='{"type": "bar", "labels": [...], "datasets": [{"label": "...", "data": [...], "colour": "primary"}]}'>.
// Further keys: "stacked", "unit" (after each value), "digits". The words and the table beside it are the page's.
(function () {
  "use strict";
  const library = document.currentScript.dataset.library;
  const drawn = new Map();
  let loading = null;

  function load() {
    loading =
      loading ||
      new Promise((done, fail) => {
        const script = document.createElement("script");
        script.src = library;
        script.onload = done;
        script.onerror = fail;
        document.head.append(script);
      });
    return loading;
  }

  // A colour of the theme as the canvas can read it.
  function colour(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(--mk-${name}, var(--tblr-${name}))`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }
  const faint = (value) => `color-mix(in srgb, ${value} 20%, transparent)`;
  const SERIES = ["primary", "info", "warning", "success", "danger", "neutral"];

  function dataset(given, at, type) {
    const line = colour(given.colour || SERIES[at % SERIES.length]);
    return {
      label: given.label,
      data: given.data,
      borderColor: line,
      backgroundColor: type === "bar" ? line : faint(line),
      borderWidth: type === "bar" ? 0 : 2,
      borderRadius: 3,
      maxBarThickness: 28,
      pointRadius: given.data.length > 40 ? 0 : 2,
      pointHitRadius: 12,
      tension: 0.25,
      fill: Boolean(given.fill),
      borderDash: given.dashed ? [5, 4] : [],
    };
  }

  function options(chart) {
    const text = colour("secondary-color"),
      grid = colour("border-color");
    const rtl = document.documentElement.dir === "rtl";
    const number = new Intl.NumberFormat("en", {
      maximumFractionDigits: chart.digits ?? 3,
      minimumFractionDigits: chart.digits ?? 0,
    });
    const shown = (value) => number.format(value) + (chart.unit ? " " + chart.unit : "");
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      locale: "en",
      font,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: {
          reverse: rtl,
          stacked: Boolean(chart.stacked),
          grid: { display: false },
          border: { color: grid },
          ticks: { color: text, font, maxRotation: 0, autoSkipPadding: 12 },
        },
        y: {
          position: rtl ? "right" : "left",
          stacked: Boolean(chart.stacked),
          beginAtZero: true,
          grid: { color: grid },
          border: { display: false },
          suggestedMax: 1,
          ticks: {
            color: text,
            font,
            maxTicksLimit: 6,
            precision: chart.digits,
            callback: (value) => number.format(value),
          },
        },
      },
      plugins: {
        legend: {
          display: chart.datasets.length > 1,
          rtl,
          align: "end",
          labels: { color: text, font, boxWidth: 12, boxHeight: 12 },
        },
        tooltip: {
          rtl,
          textDirection: rtl ? "rtl" : "ltr",
          titleFont: font,
          bodyFont: font,
          callbacks: { label: (item) => `${item.dataset.label}: ${shown(item.parsed.y)}` },
        },
      },
    };
  }

  function draw(canvas) {
    const chart = JSON.parse(canvas.dataset.chart);
    drawn.get(canvas)?.drawing.destroy();
    const drawing = new window.Chart(canvas, {
      type: chart.type === "bar" ? "bar" : "line",
      data: { labels: chart.labels, datasets: chart.datasets.map((given, at) => dataset(given, at, chart.type)) },
      options: options(chart),
    });
    drawn.set(canvas, { drawing, source: canvas.dataset.chart });
  }

  async function drawAll(again) {
    for (const [canvas, { drawing }] of drawn) {
      if (!canvas.isConnected) {
        drawing.destroy();
        drawn.delete(canvas);
      }
    }
    const canvases = Array.from(document.querySelectorAll("canvas[data-chart]"));
    if (!canvases.length) return;
    await load();
    for (const canvas of canvases) {
      if (again || drawn.get(canvas)?.source !== canvas.dataset.chart) draw(canvas);
    }
  }

  document.addEventListener("DOMContentLoaded", () => drawAll(false));
  document.addEventListener("htmx:afterSettle", () => drawAll(false));
  document.addEventListener("markaz:theme", () => {
    if (drawn.size) drawAll(true);
  });
})();
