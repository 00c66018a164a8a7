(() => {
  "use strict";
  const at = id => document.getElementById(id), data = JSON.parse(at("figures").textContent), words = data.words;
  const fill = (phrase, values) => phrase.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const make = (name, attributes = {}, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };

  // Numbers: exact, as whole multiples of their last printed place; halves are rounded away from zero.
  const places = text => (text.split(".")[1] ?? "").length;
  const scaled = (text, to) => BigInt(text.replace(".", "") + "0".repeat(to - places(text)));
  const written = (number, decimals) => {
    const digits = (number < 0n ? -number : number).toString().padStart(decimals + 1, "0");
    const whole = digits.slice(0, digits.length - decimals), rest = digits.slice(digits.length - decimals);
    return (number < 0n ? "-" : "") + whole.replace(/(?<=\d)(?=(?:\d{3})+$)/g, ",") + (rest && "." + rest);
  };
  const grouped = text => written(scaled(text, places(text)), places(text));
  const divided = (above, below) => {
    const sign = above < 0n ? -1n : 1n;
    return sign * ((2n * sign * above + below) / (2n * below));
  };
  const compare = (value, base, isRate) => {
    const fine = Math.max(places(value), places(base)), coarse = Math.min(places(value), places(base));
    const [now, then] = [scaled(value, fine), scaled(base, fine)];
    const difference = divided(now - then, 10n ** BigInt(fine - coarse));
    const percent = isRate || then <= 0n || now < 0n ? null : divided((now - then) * 10000n, then);
    return { difference, coarse, percent };
  };

  // A figure as it stands in the page's data.
  const read = (row, period) => {
    let text = row?.[2][period] ?? "";
    if (!text) return null;
    const imported = text.startsWith("~");
    if (imported) text = text.slice(1);
    if (text.startsWith("!")) return { printed: text.slice(1), value: "", unit: "", imported };
    const [value, unit = row[1]] = text.split(" ");
    return { value, unit, printed: grouped(value), imported };
  };
  const rowOf = (indicator, region) => indicator.rows.find(row => row[0] === region);
  const keyOf = (indicator, region, period) =>
    `${data.regions[region][0]}/${indicator.id}/${data.periods[period][0]}`;
  const wholeOf = () => data.regions.findIndex(region => region[2] === "prefecture");
  const isIn = (insurance, name) => name.includes(insurance) ? name : insurance + name;
  const nameOf = indicator => isIn(data.insurances[indicator.insurance], indicator.name);
  const labelOf = region => region === wholeOf() ? words.whole : data.regions[region][1];
  const changeOf = (indicator, region, period) => {
    const base = indicator.bases[period], row = rowOf(indicator, region);
    const now = read(row, period), then = base < 0 ? null : read(row, base);
    return now?.value && then?.value && now.unit === then.unit ? compare(now.value, then.value, indicator.rate) : null;
  };
  const shareOf = (indicator, region, period) => {
    const now = read(rowOf(indicator, region), period), whole = read(rowOf(indicator, wholeOf()), period);
    if (!indicator.additive || region === wholeOf() || !now?.value || !whole?.value || now.unit !== whole.unit) return null;
    const fine = Math.max(places(now.value), places(whole.value)), all = scaled(whole.value, fine);
    return all > 0n ? written(divided(scaled(now.value, fine) * 1000n, all), 1) : null;
  };

  // What is picked: the form shows it, the address keeps it.
  const asked = new URLSearchParams(location.search);
  const wanted = name => (asked.get(name) ?? "").split(",").filter(Boolean);
  const indexes = (list, id) => list.flatMap((each, place) => id(each) ? [place] : []);
  const latest = indicator => data.periods.findIndex((_, period) => indicator.rows.some(row => read(row, period)));
  const picked = { indicators: new Set(), regions: new Set(), periods: new Set() };
  const boxes = { indicators: [], regions: [], periods: [] };
  const parts = () => indexes(data.regions, region => region[2] !== "prefecture");
  const start = () => {
    for (const id of wanted("i")) indexes(data.indicators, each => each.id === id).forEach(each => picked.indicators.add(each));
    for (const code of wanted("r")) (code === "*" ? parts() : indexes(data.regions, each => each[0] === code)).forEach(each => picked.regions.add(each));
    if (!picked.regions.size) picked.regions.add(wholeOf());
    const of = { annual: each => each[2] === "annual", quarterly: each => each[2] !== "annual" };
    for (const id of wanted("p"))
      if (id === "latest") picked.indicators.forEach(each => picked.periods.add(latest(data.indicators[each])));
      else indexes(data.periods, of[id] ?? (each => each[0] === id)).forEach(each => picked.periods.add(each));
    if (!picked.periods.size) indexes(data.periods, of.annual).forEach(each => picked.periods.add(each));
    if (!picked.periods.size) indexes(data.periods, () => true).forEach(each => picked.periods.add(each));
  };
  const addressOf = () => {
    const ids = (set, list, id) => [...set].sort((a, b) => a - b).map(each => encodeURIComponent(id(list[each]))).join(",");
    const areParts = parts().length > 1 && picked.regions.size === parts().length && parts().every(each => picked.regions.has(each));
    return `?i=${ids(picked.indicators, data.indicators, each => each.id)}` +
      `&r=${areParts ? "*" : ids(picked.regions, data.regions, each => each[0])}` +
      `&p=${ids(picked.periods, data.periods, each => each[0])}`;
  };

  // Pictures.
  const SVG = "http://www.w3.org/2000/svg", INK = "#24364b", LINE = "#d5dde6", COLOURS = ["#1f5f9f", "#6c97c2"];
  const DASHES = ["", "7 4", "2 3", "10 3 2 3", "12 6", "4 2"], MOST = 6, FROM_ZERO = .4;
  const shape = (name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const wide = text => [...text].reduce((sum, letter) => sum + (letter > "⺀" ? 12.5 : 7.4), 0);
  const canvas = (width, height, title, description) => {
    const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title, "font-size": "12.5px", "font-family": "sans-serif" });
    svg.append(shape("title", {}, title), shape("desc", {}, description));
    return svg;
  };
  // Ranked bars, the greatest first.
  const bars = (title, rows) => {
    const left = 13 + Math.max(...rows.map(row => wide(row.name))), room = 8 + Math.max(...rows.map(row => wide(row.printed)));
    const values = rows.map(row => Number(row.value)), low = Math.min(0, ...values), high = Math.max(0, ...values);
    const under = low < 0 ? room : 0, scale = (300 - room - under) / (high - low || 1), zero = left + under - low * scale;
    const svg = canvas(left + 305, rows.length * 26 + 10, title, rows.map(row => row.name + row.printed).join(words.between));
    rows.forEach((row, place) => {
      const y = 5 + place * 26, size = Number(row.value) * scale;
      svg.append(shape("text", { x: left - 8, y: y + 15.5, "text-anchor": "end", fill: INK }, row.name),
        shape("rect", { x: Math.min(zero, zero + size), y, width: Math.abs(size), height: 22, fill: COLOURS[0] }),
        shape("text", size < 0 ? { x: zero + size - 4, y: y + 15.5, "text-anchor": "end", fill: INK } : { x: zero + size + 4, y: y + 15.5, fill: INK }, row.printed));
    });
    svg.append(shape("line", { x1: zero, x2: zero, y1: 5, y2: rows.length * 26 + 5, stroke: LINE }));
    return svg;
  };
  // Lines over time, each named at its end.
  const lines = (title, labels, series) => {
    const values = series.flatMap(each => each.values.filter(value => value !== null)), width = 300, height = 170;
    let low = Math.min(...values);
    const high = Math.max(...values), left = 34, right = left + width;
    if (low < FROM_ZERO * high) low = Math.min(0, low);
    const x = place => left + (labels.length > 1 ? place * width / (labels.length - 1) : width / 2);
    const y = value => 26 + (high - value) / (high - low || 1) * height;
    const room = 14 + Math.max(...series.map(each => wide(each.name)));
    const svg = canvas(right + room, height + 66, title, series.map(each => each.name + each.told.join(words.between)).join("；"));
    svg.append(shape("line", { x1: left, x2: right, y1: height + 40, y2: height + 40, stroke: LINE }));
    let edge = Infinity;
    [...labels.entries()].reverse().forEach(([place, label]) => {
      if (x(place) + wide(label) / 2 + 6 > edge) return;
      edge = x(place) - wide(label) / 2;
      svg.append(shape("text", { x: x(place), y: height + 58, "text-anchor": "middle", fill: INK }, label));
    });
    // Names are pushed apart where lines end close to each other.
    const ends = series.map((each, place) => ({ place, y: y(each.values.findLast(value => value !== null)) })).sort((a, b) => a.y - b.y);
    ends.forEach((end, place) => { if (place) end.y = Math.max(end.y, ends[place - 1].y + 15); });
    series.forEach((each, place) => {
      const known = each.values.flatMap((value, time) => value === null ? [] : [[x(time), y(value), time]]), colour = COLOURS[place % 2];
      svg.append(shape("polyline", { points: known.map(([a, b]) => `${a},${b}`).join(" "), fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": DASHES[place] || "none" }));
      known.forEach(([a, b, time]) => svg.append(shape("circle", { cx: a, cy: b, r: 3.5, fill: each.hollow[time] ? "#ffffff" : colour, stroke: colour, "stroke-width": 2 })));
      if (series.length === 1) {
        let edge = Infinity;
        [...known].reverse().forEach(([a, b, time]) => {
          const half = wide(each.told[time]) / 2;
          if (a + half + 6 > edge) return;
          edge = a - half;
          svg.append(shape("text", { x: a, y: b - 10, "text-anchor": "middle", fill: INK }, each.told[time]));
        });
      } else svg.append(shape("text", { x: right + 10, y: ends.find(end => end.place === place).y + 4.5, fill: INK }, each.name));
    });
    return svg;
  };
  const figure = (title, svg, note) => {
    const save = make("button", { type: "button", "aria-label": `下载图：${title}，SVG` }, "下载图 SVG");
    save.addEventListener("click", () => {
      const copy = svg.cloneNode(true);
      copy.setAttribute("xmlns", SVG);
      download(new Blob([copy.outerHTML], { type: "image/svg+xml" }), "svg");
    });
    return make("figure", {}, make("figcaption", {}, title), svg, make("p", {}, ...(note ? [note + " "] : []), save));
  };

  // What a reader asked for, as sentences, pictures and a table.
  const sentence = (indicator, region, periods) => {
    const row = rowOf(indicator, region), known = periods.filter(period => read(row, period)?.value);
    const common = { region: labelOf(region), name: nameOf(indicator), whole: words.whole };
    const said = (phrase, more) => fill(phrase, { ...common, ...more });
    const kinds = new Set(known.map(period => data.periods[period][2]));
    if (known.length > 1 && (kinds.size === 1)) {
      const [to, from] = [known[0], known.at(-1)], [now, then] = [read(row, to), read(row, from)];
      if (now.unit !== then.unit) return "";
      const moved = compare(now.value, then.value, indicator.rate), way = moved.difference > 0n ? "up" : "down";
      const phrase = moved.difference === 0n ? "course_flat" : (moved.percent ? "course_" : "course_amount_") + way;
      return said(words[phrase], { first: data.periods[from][1], last: data.periods[to][1], from: then.printed, to: now.printed, unit: now.unit, moved: words.points[now.unit] ?? now.unit, ...told(moved) }) + words.full_stop;
    }
    return periods.map(period => {
      const now = read(row, period);
      if (!now) return "";
      const share = shareOf(indicator, region, period), when = data.periods[period][1];
      if (!now.value) return said(words.state, { period: when, value: now.printed }) + words.full_stop;
      return said(words.value, { period: when, value: now.printed, unit: now.unit }) + change(indicator, now.unit, changeOf(indicator, region, period)) +
        (share === null ? "" : said(words.share, { percent: share })) + words.full_stop;
    }).join("");
  };
  const told = moved => ({
    difference: written(moved.difference < 0n ? -moved.difference : moved.difference, moved.coarse),
    percent: moved.percent === null ? "" : written(moved.percent < 0n ? -moved.percent : moved.percent, 2),
  });
  const change = (indicator, unit, moved) => {
    if (!moved) return "";
    const way = moved.difference > 0n ? "up" : "down", all = words.changes[indicator.base];
    const which = moved.difference === 0n ? "flat" : unit in words.points ? `${way}_points`
      : moved.percent === null ? `${way}_amount` : moved.percent === 0n ? `${way}_little` : way;
    return fill(all[which], { ...told(moved), unit, points: words.points[unit] ?? "" });
  };
  const signed = (number, decimals) => (number > 0n ? "+" : "") + written(number, decimals);

  const draw = (indicators, regions, periods) => {
    const drawn = [];
    for (const indicator of indicators) {
      const unit = indicator.rows.find(row => regions.includes(row[0]))?.[1] ?? "";
      const has = (region, period) => { const now = read(rowOf(indicator, region), period); return now?.value && now.unit === unit ? now : null; };
      if (periods.length === 1 && regions.length > 1) {
        const rows = regions.flatMap(region => { const now = has(region, periods[0]); return now ? [{ name: labelOf(region), ...now }] : []; });
        rows.sort((a, b) => Number(b.value) - Number(a.value));
        if (rows.length > 1) { const title = fill(words.bars, { name: nameOf(indicator), period: data.periods[periods[0]][1], unit }); drawn.push(figure(title, bars(title, rows))); }
        continue;
      }
      // A course is of one kind of period: years, or quarters of the same name; the most of them win.
      const kinds = Object.values(grouping(periods)).sort((a, b) => b.length - a.length);
      const times = [...(kinds[0] ?? [])].reverse().filter(period => regions.some(region => has(region, period)));
      const all = regions.filter(region => times.some(period => has(region, period)));
      if (times.length < 2 || !all.length) continue;
      const series = all.slice(0, MOST).map(region => {
        const seen = times.map(period => has(region, period));
        return { name: labelOf(region), values: seen.map(now => now ? Number(now.value) : null), told: seen.map(now => now?.printed ?? ""), hollow: seen.map(now => now?.imported) };
      });
      const title = fill(words.course, { name: (all.length === 1 ? labelOf(all[0]) : "") + nameOf(indicator), unit });
      const values = series.flatMap(each => each.values.filter(value => value !== null)), isCut = Math.min(...values) >= FROM_ZERO * Math.max(...values);
      const notes = [isCut ? words.cut : "", all.length > MOST ? fill(words.too_many, { count: MOST }) : ""];
      drawn.push(figure(title, lines(title, times.map(period => data.periods[period][1]), series), notes.filter(Boolean).join("")));
    }
    at("drawn").replaceChildren(...drawn);
  };
  const grouping = periods => periods.reduce((all, period) => ({ ...all, [data.periods[period][2]]: [...(all[data.periods[period][2]] ?? []), period] }), {});

  const table = (indicators, regions, periods) => {
    const one = periods.length === 1 ? periods[0] : -1, heads = words.heads, body = [];
    const isMarked = period => data.indicators.length && indicators.every(each => each.rows.every(row => { const now = read(row, period); return !now || now.imported; }));
    const head = [heads.indicator, heads.region, heads.unit].map(name => make("th", { scope: "col", class: "t" }, name));
    head.push(...periods.map(period => make("th", { scope: "col" }, isMarked(period) ? fill(words.imported, { period: data.periods[period][1] }) : data.periods[period][1])));
    const bases = new Set(indicators.map(each => each.base)), base = bases.size === 1 ? words.bases[[...bases][0]] : Object.values(words.bases).join("或");
    const extra = one < 0 ? [] : [fill(heads.difference, { base }), heads.percent, ...(regions.some(each => each !== wholeOf()) ? [fill(heads.share, { whole: words.whole })] : [])];
    head.push(...extra.map(name => make("th", { scope: "col" }, name)));
    for (const indicator of indicators) for (const region of regions) {
      const row = rowOf(indicator, region);
      if (!row || !periods.some(period => read(row, period))) continue;
      const cell = (text, kind) => make("td", kind ? { class: kind } : {}, text);
      const line = make("tr", {}, make("th", { scope: "row" }, nameOf(indicator)), cell(labelOf(region), "t"), cell(row[1], "t"));
      for (const period of periods) {
        const now = read(row, period);
        if (!now) { line.append(cell(words.none, "b")); continue; }
        const shown = now.value && now.unit !== row[1] ? now.printed + now.unit : now.printed;
        const link = make("a", { href: `?i=${indicator.id}&r=${data.regions[region][0]}&p=${encodeURIComponent(data.periods[period][0])}` }, shown);
        line.append(make("td", { "data-figure": keyOf(indicator, region, period), ...(now.value ? {} : { class: "s" }) }, picked.indicators.size * picked.regions.size * picked.periods.size > 1 ? link : shown));
      }
      if (one >= 0) {
        const moved = changeOf(indicator, region, one), share = shareOf(indicator, region, one);
        line.append(cell(moved ? signed(moved.difference, moved.coarse) : words.none), cell(moved && moved.percent !== null ? signed(moved.percent, 2) : words.none));
        if (extra.length > 2) line.append(cell(share ?? words.none));
      }
      body.push(line);
    }
    at("table").replaceChildren(at("table").caption, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
    return body.length;
  };

  // One figure alone has a card: what it is, who published it, what stood there before.
  const card = (indicators, regions, periods) => {
    at("card").replaceChildren();
    if (indicators.length !== 1 || regions.length !== 1 || periods.length !== 1) return;
    const [indicator, region, period] = [indicators[0], regions[0], periods[0]], key = keyOf(indicator, region, period);
    const now = read(rowOf(indicator, region), period), lines = make("dl", { class: "facts" });
    if (!now) return;
    const add = (name, ...inside) => lines.append(make("div", {}, make("dt", {}, words.card[name]), make("dd", {}, ...inside)));
    add("id", key);
    add("kind", indicator.kind);
    if (indicator.explained) add("meaning", indicator.lines, make("a", { href: `glossary.html#${indicator.id}` }, nameOf(indicator)));
    const release = data.periods[period][3];
    if (release && !now.imported) add("release", make("a", { href: release }, data.periods[period][1]));
    if (data.replaced[key]) add("replaced", data.replaced[key].map(([version, value]) => fill(words.card.version, { version, value })).join("；"));
    at("card").append(lines);
    const same = data.periods.flatMap((each, place) => each[2] === data.periods[period][2] ? [place] : []);
    draw(indicators, regions, same);
  };

  const show = () => {
    const list = (set, all) => [...set].sort((a, b) => a - b).map(each => all[each]);
    const indicators = list(picked.indicators, data.indicators), order = set => [...set].sort((a, b) => a - b);
    const regions = order(picked.regions), periods = order(picked.periods);
    for (const kind of Object.keys(boxes)) boxes[kind].forEach((box, place) => { box.checked = picked[kind].has(place); });
    at("result").hidden = !indicators.length;
    if (!indicators.length) return;
    const count = rows(indicators, regions, periods).length;
    at("counted").textContent = fill(words.picked, { indicators: indicators.length, regions: regions.length, periods: periods.length, count });
    const said = indicators.flatMap(each => regions.map(region => sentence(each, region, periods))).filter(Boolean);
    at("said").replaceChildren(...said.slice(0, MOST).map(text => make("p", {}, text)));
    draw(indicators, regions, periods);
    card(indicators, regions, periods);
    table(indicators, regions, periods);
    at("address").href = addressOf();
  };
  const rows = (indicators, regions, periods) => indicators.flatMap(indicator => regions.flatMap(region => periods.flatMap(period => {
    const row = rowOf(indicator, region), now = read(row, period);
    if (!now) return [];
    const [code, name] = data.regions[region], [id, , , release] = data.periods[period];
    return [[keyOf(indicator, region, period), code, name, id, data.insurances[indicator.insurance], indicator.id, indicator.name, now.unit || row[1], now.value, now.value ? "" : now.printed, now.imported ? "" : release]];
  })));
  const current = () => {
    const order = set => [...set].sort((a, b) => a - b);
    return [words.columns, ...rows(order(picked.indicators).map(each => data.indicators[each]), order(picked.regions), order(picked.periods))];
  };

  // Files, made here.
  const download = (blob, ending) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: `${words.title}.${ending}` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const harmless = text => /^[\s\u3000]*[=+\-@＝＋－＠\t\r\n]/.test(text) ? "'" + text : text;
  const csv = () => "\ufeff" + current().map((row, line) => row.map((text, place) =>
    `"${(line && place === 8 ? text : harmless(text)).replaceAll('"', '""')}"`).join(",") + "\r\n").join("");

  // The form.
  const choice = (kind, place, name) => {
    const box = make("input", { type: "checkbox" }), label = make("label", {}, box, name);
    box.addEventListener("change", () => { box.checked ? picked[kind].add(place) : picked[kind].delete(place); changed(); });
    boxes[kind][place] = box;
    return label;
  };
  const changed = () => {
    if (!picked.regions.size || !picked.periods.size) { at("result").hidden = true; return; }
    // A page on a disk may not change its address in every browser; the link below the table holds it all the same.
    try { history.replaceState(null, "", picked.indicators.size ? addressOf() : location.pathname); } catch { /* see above */ }
    show();
  };
  const build = () => {
    data.insurances.forEach((insurance, number) => {
      const own = indexes(data.indicators, each => each.insurance === number);
      if (!own.length) return;
      const folded = make("details", {}, make("summary", {}, insurance), make("div", { class: "choices" }, ...own.map(place => choice("indicators", place, data.indicators[place].name))));
      folded.open = own.some(place => picked.indicators.has(place));
      at("indicators").append(folded);
    });
    at("regions").append(...data.regions.map((region, place) => choice("regions", place, region[1])));
    at("periods").append(...data.periods.map((period, place) => choice("periods", place, period[1])));
    at("narrow").addEventListener("input", event => {
      const asked = event.target.value.trim();
      for (const folded of at("indicators").children) {
        const labels = [...folded.querySelectorAll("label")], name = folded.firstChild.textContent;
        for (const label of labels) label.hidden = !asked.split(/\s+/).every(word => (name + label.textContent).includes(word));
        folded.hidden = labels.every(label => label.hidden);
        folded.open = asked ? !folded.hidden : labels.some(label => label.firstChild.checked);
      }
    });
    const pick = (kind, places) => { picked[kind].clear(); places.forEach(each => picked[kind].add(each)); changed(); };
    for (const button of at("pick").querySelectorAll("[data-regions]"))
      button.addEventListener("click", () => pick("regions", button.dataset.regions === "whole" ? [wholeOf()] : parts()));
    for (const button of at("pick").querySelectorAll("[data-periods]"))
      button.addEventListener("click", () => pick("periods", button.dataset.periods === "latest"
        ? (picked.indicators.size ? [...picked.indicators].map(each => latest(data.indicators[each])) : [0])
        : indexes(data.periods, each => (each[2] === "annual") === (button.dataset.periods === "annual"))));
    at("csv").addEventListener("click", () => download(new Blob([csv()], { type: "text/csv" }), "csv"));
    at("xlsx").addEventListener("click", () => download(workbookOf(words.title, current(), 8), "xlsx"));
    at("pick").addEventListener("submit", event => event.preventDefault());
    at("choose").hidden = false;
    at("choose").open = !picked.indicators.size;
    at("plain").hidden = true;
  };

  start();
  build();
  show();
})();
