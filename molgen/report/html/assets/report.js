// Everything from files is text here: it is put into a page as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const columns = data.columns;
const total = columns.smiles.length;

function molecule(smiles) {
  return OCL.Molecule.fromSmiles(smiles);
}

function picture(smiles, width, height, marked) {
  const box = document.createElement("div");
  try {
    const drawn = molecule(smiles);
    for (const atom of marked || []) drawn.setAtomColor(atom, OCL.Molecule.cAtomColorOrange);
    box.innerHTML = drawn.toSVG(width, height, undefined, { autoCrop: true, suppressChiralText: true });
  } catch (error) {
    box.textContent = smiles;
  }
  return box;
}

// Pictures are drawn when they come into sight.
const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    sight.unobserve(entry.target);
    entry.target.replaceChildren(picture(entry.target.dataset.smiles, 150, 100));
  }
});
for (const place of document.querySelectorAll(".picture[data-smiles]")) sight.observe(place);

const charts = [];
function chart(element, option) {
  const made = echarts.init(element, null, { renderer: "canvas" });
  made.setOption({ animation: false, textStyle: { fontFamily: "system-ui, sans-serif" }, ...option });
  charts.push(made);
  return made;
}
window.addEventListener("resize", () => charts.forEach((one) => one.resize()));

for (const histogram of data.histograms) {
  const place = document.createElement("div");
  place.className = "chart";
  document.getElementById("histograms").append(place);
  chart(place, {
    title: { text: histogram.name, top: 2, left: 4, padding: 2, textStyle: { fontSize: 13 } },
    grid: { left: 8, right: 12, top: 44, bottom: 24 },
    legend: { show: histogram.sets.length > 1, top: 20, itemWidth: 12, itemHeight: 8, textStyle: { fontSize: 10 } },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => (100 * value).toFixed(1) + " %" },
    xAxis: {
      type: "category", data: histogram.centres, axisTick: { show: false },
      axisLabel: { formatter: (centre) => String(Number(Number(centre).toPrecision(3))) },
    },
    yAxis: { type: "value", show: false },
    series: histogram.sets.map((set) => ({
      type: "line", step: "middle", symbol: histogram.centres.length > 1 ? "none" : "circle", name: set.name, data: set.shares,
      areaStyle: { opacity: 0.12 }, lineStyle: { width: 1.4 },
    })),
  });
}

function tip(name, smiles) {
  const box = document.createElement("div");
  box.className = "tip";
  const heading = document.createElement("b");
  heading.textContent = name;
  const text = document.createElement("div");
  text.textContent = smiles;
  box.append(heading, picture(smiles, 220, 160), text);
  return box;
}

const map = chart(document.getElementById("map"), {
  grid: { left: 10, right: 10, top: 40, bottom: 10 },
  legend: { top: 6 },
  tooltip: { confine: true, formatter: (point) => tip(point.seriesName, point.value[2]) },
  dataZoom: [{ type: "inside", xAxisIndex: 0 }, { type: "inside", yAxisIndex: 0 }],
  xAxis: { show: false, scale: true },
  yAxis: { show: false, scale: true },
  series: data.map.map((set) => ({
    type: "scatter", name: set.name, symbolSize: 4, itemStyle: { opacity: 0.5 },
    data: set.x.map((x, i) => [x, set.y[i], set.smiles ? set.smiles[i] : columns.smiles[set.rows[i]]]),
  })),
});

// Molecules: sorted, filtered, paged and copied.
function inRange(text, value) {
  const wanted = text.trim();
  if (!wanted) return true;
  if (typeof value !== "number") return String(value ?? "").toLowerCase().includes(wanted.toLowerCase());
  const parts = wanted.split("..").map((part) => part.trim());
  if (parts.length > 2 || parts.some((part) => part !== "" && Number.isNaN(Number(part)))) return true;
  const [low, high] = parts.length === 1 ? [parts[0], parts[0]] : parts;
  return (low === "" || value >= Number(low)) && (high === "" || value <= Number(high));
}

function copyButton(smiles) {
  const button = document.createElement("button");
  button.textContent = "copy";
  button.type = "button";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(smiles);
    } catch (error) {
      const area = document.createElement("textarea");
      area.value = smiles;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "copied";
    setTimeout(() => (button.textContent = "copy"), 1000);
  });
  return button;
}

const names = Object.keys(columns);
const rows = columns.smiles.map((_, i) => {
  const row = { row: i };
  for (const name of names) row[name] = columns[name][i];
  row.set = data.sets[row.set];
  return row;
});

let matching = null; // rows that have the substructure; null for all
function matches(row) {
  return matching === null || matching.has(row.row);
}

const filtered = { headerFilter: "input", headerFilterFunc: inRange, headerFilterLiveFilter: true };
const table = new Tabulator("#table", {
  data: rows,
  index: "row",
  layout: "fitDataFill",
  height: "760px",
  rowHeight: 118,
  pagination: true,
  paginationSize: 25,
  paginationSizeSelector: [25, 100],
  paginationCounter: "rows",
  columns: [
    {
      title: "structure", field: "row", headerSort: false, width: 170, frozen: true,
      formatter: (cell) => picture(cell.getData().smiles, 155, 105, (data.marked || {})[cell.getValue()]),
    },
    { title: "", field: "row", headerSort: false, width: 75, formatter: (cell) => copyButton(cell.getData().smiles) },
    ...names.map((name) => ({ title: name, field: name, formatter: "plaintext", maxWidth: 260, ...filtered })),
  ],
});

// Substructures: molecules are read once, in pieces, so that the page stays awake.
const read = new Array(total);
const found = document.getElementById("found");
const field = document.getElementById("substructure");
let search = 0;

function query(text) {
  const parser = new OCL.SmilesParser({ smartsMode: "guess" });
  const fragment = parser.parseMolecule(text);
  fragment.setFragment(true);
  return fragment;
}

async function substructure(text) {
  const mine = ++search;
  found.className = "";
  if (!text) {
    matching = null;
    table.refreshFilter();
    found.textContent = "";
    return;
  }
  let fragment;
  try {
    fragment = query(text);
  } catch (error) {
    found.className = "error";
    found.textContent = "neither SMILES nor SMARTS";
    return;
  }
  const searcher = new OCL.SSSearcher();
  searcher.setFragment(fragment);
  const hits = new Set();
  for (let i = 0; i < total; i++) {
    if (i % 250 === 0) {
      found.textContent = `searching ${Math.round((100 * i) / total)} %`;
      await new Promise((resume) => setTimeout(resume));
      if (mine !== search) return;
    }
    if (read[i] === undefined) {
      try {
        read[i] = OCL.Molecule.fromSmiles(columns.smiles[i], { noCoordinates: true });
      } catch (error) {
        read[i] = null;
      }
    }
    if (read[i] === null) continue;
    searcher.setMolecule(read[i]);
    if (searcher.isFragmentInMolecule()) hits.add(i);
  }
  matching = hits;
  table.refreshFilter();
  found.textContent = `${hits.size} of ${total} molecules`;
}

let waiting;
field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => substructure(field.value.trim()), 300);
});
document.getElementById("clear").addEventListener("click", () => {
  field.value = "";
  table.clearHeaderFilter();
  substructure("");
});

table.on("tableBuilt", () => {
  table.addFilter(matches);
  document.body.dataset.ready = "yes";
});
window.molgenReport = { table, map };
