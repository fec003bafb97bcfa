/* Draws the committed figures (benchmark-figures.js) as the reader chooses them. No library, no server, no network.

   A race is [speed relative to json, its first and third quartile, seconds per call, bytes]. What is drawn is that
   speed divided by the speed of whom the reader compares with. The choices are kept in the address, so that a view can
   be shared. */

"use strict";

(() => {
  const OURS = "cyjson";
  const JSON_ITSELF = "json";
  const UNCHOSEN = ["cyjson-fallback"]; // it is about as fast as json
  const SVG = "http://www.w3.org/2000/svg";
  const root = document.getElementById("chooser");
  const figures = typeof cyjsonFigures === "undefined" ? null : cyjsonFigures;
  if (!root || !figures || !figures.machines.length) return;

  const choice = {
    machine: 0,
    operation: "",
    small: false,
    base: JSON_ITSELF,
    log: false,
    off: new Set(UNCHOSEN),
    without: new Set(),
  };

  // Small helpers

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };

  const drawn = (name, attributes = {}, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const geometricMean = (numbers) => {
    const sum = numbers.reduce((all, each) => all + Math.log(each), 0);
    return Math.exp(sum / numbers.length);
  };

  const times = (number) => `${number.toFixed(number >= 100 ? 0 : number >= 10 ? 1 : 2)}×`;

  /* Round numbers from 0 to the most, some five of them. */
  const rounds = (most) => {
    const power = 10 ** Math.floor(Math.log10(most / 5));
    const step = power * [1, 2, 5, 10].find((each) => most / (power * each) <= 6);
    return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  };

  const size = (bytes) => {
    if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
    return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(0)} KB` : `${bytes} B`;
  };

  const duration = (seconds) => {
    for (const [unit, scale] of [["s", 1], ["ms", 1e-3], ["µs", 1e-6]]) {
      if (seconds >= scale) return `${(seconds / scale).toPrecision(3)} ${unit}`;
    }
    return `${(seconds / 1e-9).toPrecision(3)} ns`;
  };

  // What is chosen

  const machine = () => figures.machines[choice.machine];
  const races = () => machine()[choice.small ? "messages" : "documents"][choice.operation] || {};
  const documents = () => Object.keys(races());
  const chosenDocuments = () => documents().filter((each) => !choice.without.has(each));
  const hasFigures = (name) => documents().some((each) => name in races()[each]);
  const contenders = () => machine().contenders.filter((each) => !choice.off.has(each) && hasFigures(each));
  const title = () => {
    const found = figures.operations.find((each) => each.name === choice.operation).title;
    return found[0].toUpperCase() + found.slice(1);
  };

  /* A contender's race by the speed of whom it is compared with; null where one of the two has no figures. */
  const race = (name, contender) => {
    const all = races()[name];
    if (!(contender in all) || !(choice.base in all)) return null;
    const [speed, low, high, seconds, bytes] = all[contender];
    const by = all[choice.base][0];
    return { name, speed: speed / by, low: low / by, high: high / by, seconds, bytes };
  };

  const summary = () => {
    const rows = [];
    for (const contender of contenders()) {
      const found = chosenDocuments().map((each) => race(each, contender)).filter((each) => each);
      if (found.length) {
        const whole = found.length === chosenDocuments().length;
        rows.push({ contender, found, whole, mean: geometricMean(found.map((each) => each.speed)) });
      }
    }
    return rows.sort((one, other) => other.mean - one.mean);
  };

  // The address: #operation=encode&base=orjson

  const readAddress = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    const first = figures.operations[0].name;
    choice.small = given.get("small") === "1";
    choice.machine = Math.min(Math.max(Number(given.get("machine")) || 0, 0), figures.machines.length - 1);
    choice.operation = given.get("operation") || first;
    if (!documents().length) [choice.operation, choice.small] = [first, false];
    choice.base = machine().contenders.includes(given.get("base")) ? given.get("base") : JSON_ITSELF;
    choice.log = given.get("log") === "1";
    if (given.has("off")) choice.off = new Set(given.get("off").split(","));
    if (given.has("without")) choice.without = new Set(given.get("without").split(","));
  };

  const writeAddress = () => {
    const given = new URLSearchParams({ operation: choice.operation });
    if (choice.small) given.set("small", "1");
    if (choice.machine) given.set("machine", choice.machine);
    if (choice.base !== JSON_ITSELF) given.set("base", choice.base);
    if (choice.log) given.set("log", "1");
    if ([...choice.off].join() !== UNCHOSEN.join()) given.set("off", [...choice.off].join());
    if (choice.without.size) given.set("without", [...choice.without].join());
    history.replaceState(null, "", `#${given}`);
  };

  // The choices

  const parts = {};

  const select = (label, options, value, changed) => {
    const made = element("select", { onchange: (event) => changed(event.target.value) });
    for (const [group, entries] of options) {
      const into = group ? element("optgroup", { label: group }) : made;
      for (const [key, text] of entries) into.append(element("option", { value: key, selected: key === value }, text));
      if (group) made.append(into);
    }
    return element("label", { class: "choice" }, element("span", {}, label), made);
  };

  const boxes = (legend, names, set, about) => {
    const list = element("div", { class: "boxes" });
    for (const name of names) {
      const box = element("input", {
        type: "checkbox",
        value: name,
        checked: !set.has(name),
        disabled: Boolean(about(name).missing),
        onchange: (event) => {
          if (event.target.checked) set.delete(name);
          else set.add(name);
          show();
        },
      });
      const { text, missing } = about(name);
      list.append(element("label", { class: missing ? "missing" : "", title: missing || text }, box, text));
    }
    const all = (on) => () => {
      for (const name of names) {
        if (on) set.delete(name);
        else set.add(name);
      }
      for (const box of list.querySelectorAll("input")) box.checked = on;
      show();
    };
    list.append(
      element("button", { type: "button", onclick: all(true) }, `All ${legend.toLowerCase()}`),
      element("button", { type: "button", onclick: all(false) }, "None"),
    );
    return element("fieldset", {}, element("legend", {}, legend), list);
  };

  const buildChoices = () => {
    const active = root.contains(document.activeElement) && document.activeElement.closest("label.choice");
    const kept = active && active.firstChild.textContent; // which has the focus again, made anew
    const known = (kind, key, text) =>
      figures.operations
        .filter((each) => each.name in machine()[kind])
        .map((each) => [key + each.name, each.title + text]);
    const operations = [
      ["Whole documents", known("documents", "", "")],
      ["Small messages", known("messages", "small ", ", small messages")],
    ].filter(([, entries]) => entries.length);
    const others = machine().contenders.filter(hasFigures).map((each) => [each, each]);
    const machines = figures.machines.map(({ about }, index) => [
      String(index),
      `${about.processor}, ${about.python.split(",")[0]}, ${about.date.slice(0, 10)}`,
    ]);
    const empty = machine().empty[choice.operation] || {};
    parts.choices.replaceChildren(
      select("Operation", operations, (choice.small ? "small " : "") + choice.operation, (value) => {
        choice.small = value.startsWith("small ");
        choice.operation = value.replace(/^small /, "");
        choice.without.clear();
        if (!hasFigures(choice.base)) choice.base = JSON_ITSELF;
        rebuild();
      }),
      select("Compared with", [["", others]], choice.base, (value) => {
        choice.base = value;
        show();
      }),
      select("Machine", [["", machines]], String(choice.machine), (value) => {
        choice.machine = Number(value);
        if (!documents().length) readAddress();
        rebuild();
      }),
      boxes("Documents", documents(), choice.without, (name) => {
        const bytes = Math.max(...Object.values(races()[name]).map((each) => each[4]));
        return { text: `${name} (${size(bytes)})` };
      }),
      boxes("Contenders", machine().contenders, choice.off, (name) => {
        const missing = hasFigures(name) ? "" : empty[name] || "has no figures here";
        return { text: name, missing: missing && `${name}: ${missing}` };
      }),
      element(
        "label",
        {},
        element("input", {
          type: "checkbox",
          checked: choice.log,
          onchange: (event) => {
            choice.log = event.target.checked;
            show();
          },
        }),
        " Logarithmic scale",
      ),
    );
    if (kept) {
      for (const label of parts.choices.querySelectorAll("label.choice")) {
        if (label.firstChild.textContent === kept) label.lastChild.focus();
      }
    }
  };

  // The charts

  /* Bars with whiskers: groups of { heading, rows: [{ label, value, low, high, dots, ours, told }] }. */
  const chart = (groups, described) => {
    const width = Math.max(parts.charts.clientWidth || 640, 240);
    const narrow = width < 520;
    const left = narrow ? 0 : 125;
    const right = 62;
    const step = narrow ? 40 : 26;
    const rows = groups.flatMap((group) => group.rows);
    const values = rows.flatMap((row) => [row.value, row.low, row.high]);
    const most = Math.max(...values, 1);
    const least = Math.min(...values, 1);
    const from = choice.log ? 10 ** Math.floor(Math.log10(least)) : 0;
    const room = width - left - right;
    const place = (value) => {
      const share = choice.log ? Math.log(value / from) / Math.log(most / from || 10) : value / most;
      return left + room * Math.min(Math.max(share, 0), 1);
    };
    const svg = drawn("svg", { role: "img", "aria-label": described });
    const rules = drawn("g");
    svg.append(rules);
    let y = 4;
    for (const group of groups) {
      if (group.heading) {
        svg.append(drawn("text", { x: 0, y: y + 16, class: "strong" }, group.heading));
        y += 26;
      }
      for (const row of group.rows) {
        const top = narrow ? y + 18 : y + 4;
        const middle = top + 8;
        const kind = row.ours ? "bar ours" : "bar";
        const told = { class: row.ours ? "strong" : "" };
        const where = narrow ? { x: 0, y: y + 13 } : { x: left - 8, y: middle + 5, "text-anchor": "end" };
        const label = drawn("text", { ...where, ...told }, row.label);
        const length = Math.max(place(row.value) - left, 1);
        const bar = drawn("rect", { x: left, y: top, width: length, height: 16, class: kind });
        bar.append(drawn("title", {}, row.told));
        svg.append(label, bar);
        if (row.high > row.low) {
          const [low, high] = [place(row.low), place(row.high)];
          for (const [x1, x2, half] of [[low, high, 0], [low, low, 4], [high, high, 4]]) {
            svg.append(drawn("line", { x1, x2, y1: middle - half, y2: middle + half, class: "spread" }));
          }
        }
        for (const dot of row.dots || []) {
          svg.append(drawn("circle", { cx: place(dot), cy: middle, r: 2.6, class: "dot" }));
        }
        const end = Math.max(place(row.value), place(row.high));
        svg.append(drawn("text", { x: end + 6, y: middle + 5, ...told }, times(row.value)));
        y += step;
      }
      y += group.heading ? 8 : 0;
    }
    const ticks = choice.log
      ? [0.01, 0.1, 1, 10, 100, 1000].filter((each) => each >= from && each <= most)
      : rounds(most);
    for (const tick of ticks) {
      rules.append(drawn("line", { x1: place(tick), x2: place(tick), y1: 0, y2: y, class: "grid" }));
      const text = drawn("text", { x: place(tick), y: y + 14, class: "faint" }, String(Number(tick.toPrecision(2))));
      text.setAttribute("text-anchor", place(tick) - left < 12 ? "start" : "middle");
      svg.append(text);
    }
    rules.append(drawn("line", { x1: place(1), x2: place(1), y1: 0, y2: y, class: "one" }));
    const height = y + 20;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    return svg;
  };

  const told = (each, contender) => {
    const half = `middle half ${times(each.low)} to ${times(each.high)}`;
    return `${contender}, ${each.name}: ${times(each.speed)} (${half}), ${duration(each.seconds)}`;
  };

  const showCharts = (rows) => {
    const means = rows.map(({ contender, found, mean }) => {
      const speeds = found.map((each) => each.speed);
      return {
        label: contender,
        value: mean,
        low: Math.min(...speeds),
        high: Math.max(...speeds),
        dots: speeds,
        ours: contender === OURS,
        told: found.map((each) => told(each, contender)).join("\n"),
      };
    });
    const each = chosenDocuments().map((name) => ({
      heading: name,
      rows: contenders()
        .map((contender) => [contender, race(name, contender)])
        .filter(([, found]) => found)
        .map(([contender, found]) => ({
          label: contender,
          value: found.speed,
          low: found.low,
          high: found.high,
          ours: contender === OURS,
          told: told(found, contender),
        }))
        .sort((one, other) => other.value - one.value),
    }));
    const ranking = rows.map(({ contender, mean }) => `${contender} ${times(mean)}`).join(", ");
    parts.charts.replaceChildren(
      element(
        "figure",
        { id: "chart-of-means" },
        chart([{ rows: means }], `${title()}, times as fast as ${choice.base}: ${ranking}`),
        element(
          "figcaption",
          {},
          `Times as fast as ${choice.base}: geometric mean (bar), each document (dot), least to most (line).`,
        ),
      ),
      element("h3", {}, "Document by document"),
      element(
        "figure",
        { id: "chart-of-documents" },
        chart(each.filter((group) => group.rows.length), "The same for each document; the table below has the numbers"),
        element(
          "figcaption",
          {},
          `Times as fast as ${choice.base}: median of the rounds (bar), the middle half of them (line). ` +
            "The spread is that of the contender's speed relative to json in the same round.",
        ),
      ),
    );
  };

  const showTable = (rows) => {
    const head = ["document", "contender", "times as fast", "middle half", "time", "MB/s"];
    const body = element("tbody");
    for (const name of chosenDocuments()) {
      for (const { contender } of rows) {
        const found = race(name, contender);
        if (!found) continue;
        body.append(
          element(
            "tr",
            {},
            element("th", { scope: "row" }, name),
            element("td", {}, contender),
            element("td", {}, times(found.speed)),
            element("td", {}, `${times(found.low)} to ${times(found.high)}`),
            element("td", {}, duration(found.seconds)),
            element("td", {}, (found.bytes / found.seconds / 1e6).toPrecision(3)),
          ),
        );
      }
    }
    const titles = element("tr", {}, ...head.map((each) => element("th", { scope: "col" }, each)));
    parts.table.replaceChildren(element("table", {}, element("thead", {}, titles), body));
  };

  const showWords = (rows) => {
    const { about, versions, warnings } = machine();
    const ours = rows.find((each) => each.contender === OURS);
    const others = rows.filter((each) => each.contender !== OURS && each.whole);
    const words = [];
    if (ours && others.length) {
      const [best] = others;
      words.push(`cyjson is ${times(ours.mean)} as fast as ${choice.base}.`);
      words.push(`Of the others chosen the fastest is ${best.contender}, at ${times(best.mean)}.`);
    }
    const partly = rows.filter((each) => !each.whole).map((each) => each.contender);
    if (partly.length) words.push(`Not all of these documents: ${partly.join(", ")}.`);
    parts.words.textContent = words.join(" ") || "Choose a document and a contender.";
    const missing = Object.entries(machine().empty[choice.operation] || {})
      .filter(([name]) => !choice.off.has(name) && !hasFigures(name))
      .map(([name, why]) => `${name} (${why})`);
    parts.missing.textContent = missing.length ? `No figures: ${missing.join("; ")}.` : "";
    const named = Object.entries(versions).filter(([name]) => !UNCHOSEN.includes(name));
    parts.about.textContent =
      `Measured on ${about.processor}; ${about.system}; ${about.python}; extension ${about.extension}; ` +
      `${named.map((each) => each.join(" ")).join(", ")}; ${about.date}; ${about.command}.` +
      (warnings.length ? ` The machine was busy, so these figures deserve no trust: ${warnings.join("; ")}.` : "");
  };

  const show = () => {
    const rows = summary();
    parts.title.textContent = title() + (choice.small ? ", small messages" : "");
    showWords(rows);
    if (rows.length) {
      showCharts(rows);
      showTable(rows);
    } else {
      parts.charts.replaceChildren();
      parts.table.replaceChildren();
    }
    if (root.dataset.ready) writeAddress(); // not before the reader has chosen
  };

  const rebuild = () => {
    buildChoices();
    show();
  };

  const build = () => {
    parts.choices = element("form", {
      class: "choices",
      "aria-label": "What to show",
      onsubmit: (event) => event.preventDefault(),
    });
    parts.title = element("h2", { id: "chart" });
    parts.words = element("p", { role: "status" });
    parts.missing = element("p");
    parts.charts = element("div");
    parts.table = element("div", {
      class: "figures",
      tabindex: "0",
      role: "region",
      "aria-label": "The figures as a table",
    });
    parts.about = element("p");
    root.classList.add("benchmarks");
    root.append(
      parts.choices,
      parts.title,
      parts.words,
      parts.charts,
      parts.missing,
      element("details", {}, element("summary", {}, "The same as a table"), parts.table),
      parts.about,
    );
    readAddress();
    rebuild();
    let width = parts.charts.clientWidth;
    new ResizeObserver(() => {
      if (parts.charts.clientWidth !== width) {
        width = parts.charts.clientWidth;
        show();
      }
    }).observe(parts.charts);
    const pictures = document.getElementById("pictures");
    if (pictures) pictures.open = false;
    root.dataset.ready = "yes";
  };

  build();
})();
