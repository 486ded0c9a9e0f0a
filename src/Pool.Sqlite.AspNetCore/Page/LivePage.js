
"use strict";
(() => {
  const every = 1000, patience = 5000, span = 180000;
  const here = location.pathname.replace(/\/+$/, "");
  const $ = id => document.getElementById(id);
  const history = [], rows = new Map();
  let before = null, lastGood = null, lastStatus = null, failing = false, paused = false, timer = 0, asking = null;

  // Everything that comes from the server is set as text: nothing of it is ever read as HTML.
  const show = (id, text) => { const e = $(id); if (e.textContent !== text) e.textContent = text; };
  const make = (tag, name, text) => {
    const e = document.createElement(tag);
    if (name) e.className = name;
    if (text !== undefined) e.textContent = text;
    return e;
  };

  // A figure and its unit stay on one line.
  const unit = "\u00a0";
  const whole = n => Math.round(n).toLocaleString("en");
  const percent = x => (100 * x).toLocaleString("en", { maximumFractionDigits: x > 0.99 && x < 1 ? 2 : 1 }) + unit + "%";
  const digits = n => Number.isInteger(n) ? whole(n) : n.toLocaleString("en", { maximumSignificantDigits: 3 });
  const duration = s =>
    s === 0 ? "0" + unit + "s" : s < 0.001 ? digits(s * 1e6) + unit + "µs" : s < 1 ? digits(s * 1e3) + unit + "ms" : s < 60 ? digits(s) + unit + "s" : clock(s);
  const clock = s => {
    const parts = [Math.floor(s / 3600), Math.floor(s / 60) % 60, Math.floor(s) % 60];
    return parts[0] ? `${parts[0]} h ${parts[1]} min` : `${parts[1]} min ${parts[2]} s`;
  };
  const age = s => s < 60 ? s.toFixed(1) + unit + "s" : clock(s);
  const size = b => b < 1024 ? whole(b) + unit + "B" : b < 1048576 ? digits(b / 1024) + unit + "KiB" : b < 1073741824 ? digits(b / 1048576) + unit + "MiB" : digits(b / 1073741824) + unit + "GiB";
  const words = name => name.replace(/[A-Z]/g, c => " " + c.toLowerCase());
  const upper = text => text.charAt(0).toUpperCase() + text.slice(1);
  const ratio = (part, all) => all ? percent(part / all) : "–";

  function connections(r, s) {
    const limit = s.poolSize + s.maxOverflow;
    show("in-use", whole(s.inUse));
    show("limit", whole(limit));
    show("utilization", percent(r.utilization));
    show("legend-used", whole(s.inUse));
    show("legend-idle", whole(s.idle));
    show("legend-opening", whole(s.opening));
    show("legend-base", whole(s.poolSize));
    show("legend-overflow", `${whole(s.overflow)} of ${whole(s.maxOverflow)}`);
    show("legend-peak", whole(s.peakInUse));
    const bar = $("bar");
    const all = Math.max(limit, s.open + s.opening);
    [["used", s.inUse], ["idle", s.idle], ["opening", s.opening]].forEach(([name, n]) => {
      bar.querySelector("." + name).style.width = 100 * n / all + "%";
    });
    $("base-mark").hidden = !s.maxOverflow;
    $("base-mark").style.left = 100 * s.poolSize / all + "%";
    bar.setAttribute("aria-label", `${s.inUse} in use, ${s.idle} idle, ${s.opening} opening, of at most ${limit}`);
  }

  function draw(now) {
    while (history.length && now - history[0].at > span) history.shift();
    const limit = Math.max(...history.map(p => p.limit)), used = Math.max(...history.map(p => p.used));
    const waiting = Math.max(...history.map(p => p.waiting)), top = Math.max(limit, waiting, 1);
    const x = p => (600 * (1 - (now - p.at) / span)).toFixed(1), y = n => (119 - 118 * n / top).toFixed(1);
    let line = "", crowd = "", area = "", last = null;
    for (const p of history) {
      // A gap is a time when nobody looked; it is not drawn over.
      const joined = last && p.at - last.at < 4 * every;
      if (last && !joined) area += `L${x(last)},119Z`;
      line += (joined ? "L" : "M") + `${x(p)},${y(p.used)}`;
      crowd += (joined ? "L" : "M") + `${x(p)},${y(p.waiting)}`;
      area += (joined ? "" : `M${x(p)},119`) + `L${x(p)},${y(p.used)}`;
      last = p;
    }
    const svg = $("history");
    svg.querySelector(".used").setAttribute("d", line);
    svg.querySelector(".waiting").setAttribute("d", waiting ? crowd : "");
    svg.querySelector(".area").setAttribute("d", area + `L${x(last)},119Z`);
    svg.setAttribute("aria-label", `The last three minutes: at most ${used} in use and ${waiting} waiting`);
    show("history-used", whole(used));
    show("history-waiting", whole(waiting));
    show("history-scale", whole(top));
  }

  function tiles(r, s, now) {
    const w = s.waitTime, failures = s.timeouts + s.openFailures + s.leaks + s.healthCheckFailures;
    show("hit-ratio", ratio(s.hits, s.rents));
    show("hit-note", `${whole(s.rents)} rents, ${whole(s.misses)} had to open a connection`);
    const since = before && (now - before.at) / 1000;
    const rents = since && s.rents >= before.rents ? (s.rents - before.rents) / since : null;
    show("rate", rents === null ? "–" : digits(Math.round(rents * 10) / 10));
    show("rate-note", `${whole(s.recycled)} connections replaced so far`);
    before = { at: now, rents: s.rents };
    show("waiting", whole(s.waiting));
    show("waiting-note", `${whole(s.waits)} have had to wait, ${whole(s.cancellations)} gave up`);
    $("waiting-tile").classList.toggle("concern", s.waiting > 0);
    waits("wait", w, w.count ? `of the ${whole(w.count)} that had to wait` : "nobody has had to wait");
    waits("gate", s.writeGateWaits, `${whole(s.writeGateWaiting)} writes wait now, ${whole(s.writeGateWaits.count)} have had to`);
    $("gate-tile").classList.toggle("concern", s.writeGateWaiting > 0);
    queue(s.writes);
    syncs(s);
    const statements = s.statementHits + s.statementMisses;
    show("statements", ratio(s.statementHits, statements));
    show("statements-note", `of ${whole(statements)} commands found theirs prepared`);
    show("failures", whole(failures));
    show("failures-note", `${whole(s.timeouts)} timed out, ${whole(s.openFailures)} failed to open, ${whole(s.leaks)} leaked, ${whole(s.healthCheckFailures)} found broken`);
    $("failures-tile").classList.toggle("concern", failures > 0);
    show("wal", size(r.walBytes));
  }

  function waits(id, summary, note) {
    for (const each of ["p50", "p99", "max"]) show(`${id}-${each}`, summary.count ? duration(summary[each]) : "–");
    show(id + "-note", note);
  }

  function syncs(s) {
    const failed = s.syncFailures ? `, ${whole(s.syncFailures)} failed` : "";
    waits("sync", s.syncTime, s.syncTime.count ? `${whole(s.syncedCommits)} commits in ${whole(s.syncTime.count)} syncs: ${digits(s.commitsPerSync)} each${failed}` : `no commit was synced by group commit${failed}`);
    $("sync-tile").classList.toggle("concern", s.syncFailures > 0);
  }

  function queue(w) {
    show("queued", whole(w.queued));
    show("capacity", whole(w.capacity));
    show("queue-note", `${whole(w.waitingForRoom)} wait for room now, ${whole(w.roomWaits.count)} have had to`);
    show("queue-failures", `${whole(w.failures)} writes failed, ${whole(w.postsRefused)} posts refused`);
    $("queue-tile").classList.toggle("concern", w.waitingForRoom > 0);
    waits("commit", w.commitTime, w.batches ? `${whole(w.items)} writes in ${whole(w.batches)} batches: ${digits(w.meanBatch)} each, at most ${whole(w.largestBatch)}` : "nothing was written through the queue");
  }

  function findings(r) {
    const all = [...r.reasons.map(text => ({ kind: "Finding", what: text })), ...r.advice.map(a => ({ kind: "Advice", what: a.recommendation, why: a.evidence, id: a.id }))];
    const key = JSON.stringify(all), list = $("findings");
    $("no-findings").hidden = all.length > 0;
    if (list.dataset.key === key) return;
    list.dataset.key = key;
    list.replaceChildren(...all.map(each => {
      const item = make("li");
      if (each.id) item.dataset.advice = each.id;
      const what = make("p", "what");
      what.append(make("span", "tag " + each.kind.toLowerCase(), each.kind), " ", each.what);
      item.append(what);
      if (each.why) item.append(make("p", "why", each.why));
      return item;
    }));
  }

  function newRow() {
    const row = make("tr"), cells = ["age", "lease", "role", "doing"].map(name => make("td", name));
    const role = make("span"), gate = make("span", "gate", "holds the write gate");
    const details = make("details"), title = make("summary"), sql = make("pre", "sql"), site = make("pre", "site");
    const snapshot = make("p", "note");
    details.append(title, sql, snapshot, make("h3", "", "Rented at"), site);
    cells[2].append(role, gate);
    cells[3].append(details);
    // On a phone the rows are laid out as blocks, which takes the table's meaning away unless it is said.
    row.setAttribute("role", "row");
    cells.forEach(cell => cell.setAttribute("role", "cell"));
    row.append(...cells);
    return { row, age: cells[0], name: cells[1], role, gate, title, sql, snapshot, site };
  }

  function leases(all) {
    const set = (e, text) => { if (e.textContent !== text) e.textContent = text; };
    const names = new Set(all.map(l => l.name)), body = $("leases").tBodies[0];
    for (const [name, r] of rows) if (!names.has(name)) { r.row.remove(); rows.delete(name); }
    all.forEach((l, i) => {
      if (!rows.has(l.name)) rows.set(l.name, newRow());
      const r = rows.get(l.name), sql = l.sql || "nothing at this moment";
      r.row.dataset.lease = l.name;
      set(r.age, age(l.age));
      set(r.name, l.name);
      set(r.role, upper(words(l.role)).replace("Read write", "Read and write"));
      r.gate.hidden = !l.holdsWriteGate;
      set(r.title, sql.length > 90 ? sql.slice(0, 89) + "…" : sql);
      set(r.sql, sql);
      r.sql.hidden = !l.sql;
      set(r.snapshot, typeof l.snapshotAge === "number" ? `Has read from one state of the database for ${age(l.snapshotAge)}.` : "");
      set(r.site, l.rentSite && l.rentSite.replace(/^\s+/gm, "") || "Set CaptureRentSite to see where.");
      // Moving a row takes the focus from what is inside it, so only what is in the wrong place moves.
      if (body.rows[i] !== r.row) body.insertBefore(r.row, body.rows[i] || null);
    });
    $("leases").hidden = all.length === 0;
    $("no-leases").hidden = all.length > 0;
    show("leases-count", all.length ? `(${whole(all.length)})` : "");
  }

  function flatten(figures, prefix = "") {
    const isTime = "p50" in figures;
    return Object.entries(figures).flatMap(([name, value]) => {
      const label = prefix ? `${prefix}, ${words(name)}` : words(name);
      if (value === null) return [];
      if (typeof value === "object") return flatten(value, label);
      if (typeof value !== "number") return [[label, String(value)]];
      return [[label, isTime && name !== "count" ? duration(value) : /ratio/i.test(name) ? percent(value) : digits(value)]];
    });
  }

  function everything(s) {
    const flat = flatten(s).map(([name, value]) => [upper(name), value]);
    const list = $("all");
    if (list.children.length !== flat.length) {
      list.replaceChildren(...flat.map(() => { const d = make("div"); d.append(make("dt"), make("dd")); return d; }));
    }
    flat.forEach(([name, value], i) => {
      const [dt, dd] = list.children[i].children;
      if (dt.textContent !== name) dt.textContent = name;
      if (dd.textContent !== value) dd.textContent = value;
    });
  }

  function render(r) {
    const now = Date.now(), s = r.statistics;
    history.push({ at: now, used: s.inUse, waiting: s.waiting, limit: s.poolSize + s.maxOverflow });
    show("name", r.name);
    show("engine", "· SQLite " + r.engineVersion);
    $("status").dataset.status = r.status;
    show("status-word", upper(r.status));
    const title = (r.status === "healthy" ? "" : upper(r.status) + ": ") + r.name + " · SQLite pool";
    if (document.title !== title) document.title = title;
    if (lastStatus !== r.status) show("announce", `The pool is ${r.status}. ${r.reasons.join(" ")}`);
    lastStatus = r.status;
    connections(r, s);
    draw(now);
    tiles(r, s, now);
    findings(r);
    leases(r.leases);
    everything(s);
  }

  function settle(trouble) {
    failing = Boolean(trouble);
    $("trouble").hidden = !failing;
    $("main").classList.toggle("stale", failing);
    const time = lastGood ? lastGood.toLocaleTimeString() : "never";
    show("freshness", failing ? `last answer: ${time}` : `${paused ? "paused at" : "live,"} ${time}`);
    if (failing && $("trouble").textContent !== trouble) { show("trouble", trouble); show("announce", trouble); }
    if (!failing && $("trouble").textContent) { show("trouble", ""); show("announce", "The figures are live again."); }
  }

  async function ask() {
    clearTimeout(timer);
    if (asking || paused || document.hidden) return;
    const limit = asking = new AbortController(), tooLong = setTimeout(() => limit.abort(), patience);
    try {
      const answer = await fetch(here + "/stats", { cache: "no-store", redirect: "manual", signal: limit.signal });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) throw new Error("you are not signed in, or may not see it");
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const report = await answer.json();
      lastGood = new Date();
      render(report);
      settle("");
    } catch (e) {
      const why = e.name === "AbortError" ? "no answer in 5 seconds" : e instanceof TypeError ? "the server cannot be reached" : e.message;
      settle(`These figures are old: ${why}. Trying again.`);
    } finally {
      clearTimeout(tooLong);
      asking = null;
    }
    timer = setTimeout(ask, failing ? 2 * every : every);
  }

  $("pause").addEventListener("click", () => {
    paused = !paused;
    show("pause", paused ? "Resume" : "Pause");
    settle(failing ? $("trouble").textContent : "");
    ask();
  });
  document.addEventListener("visibilitychange", ask);
  $("json").href = here + "/stats";
  $("health").href = here + "/health";
  ask();
})();
