"use strict";
(() => {
  const told = JSON.parse(document.getElementById("told").textContent);
  const at = (id) => document.getElementById(id);
  const words = { cleared: "cleared", blocked: "blocked", undecided: "undecided" };
  const key = ["curate-review", told.audit_run_id, told.reviewer, told.made_at].join("/");
  // The log of what was decided, in order: undo takes the last of an entry away.
  let state = { decisions: [], unblurred: [] };
  let queue = 0, place = 0, clear = false, saved = true;

  const keep = () => {
    saved = false;
    // A browser may forbid storage for files: then the page holds it until it is closed.
    try { localStorage.setItem(key, JSON.stringify(state)); } catch { /* told by beforeunload */ }
  };
  try { state = JSON.parse(localStorage.getItem(key)) || state; } catch { /* nothing kept */ }

  const element = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const say = (text) => { at("status").textContent = text; };
  const items = () => told.queues[queue].items;
  const item = () => told.items[items()[place]];
  const last = (entry) => state.decisions.findLast((one) => one.media_id === entry.media_id);
  const waiting = (one) => one.items.filter((number) => !last(told.items[number])).length;

  const listQueues = () => {
    at("queue").replaceChildren(...told.queues.map((one, number) => {
      const rows = one.name === "rejected" ? told.rejections.length : 0;
      const made = element("option", `${one.title}: ${waiting(one)} of ${one.items.length}` +
        (rows ? `, ${rows} rows` : "") + (one.left ? `, ${one.left} more not here` : ""));
      made.value = String(number);
      made.selected = number === queue;
      return made;
    }));
  };

  const picture = (entry) => {
    const made = element("div");
    if (entry.picture) {
      const image = element("img");
      image.src = `pictures/${clear ? "clear" : "blurred"}/${entry.picture}`;
      image.alt = clear ? `The picture ${entry.locator}` : "A blurred picture";
      made.append(image);
    } else {
      made.append(element("div", "no picture can be shown", "blank"));
    }
    made.append(element("p", entry.locator));
    return made;
  };
  const known = (name, text) => {
    const made = element("div");
    made.append(element("dt", name), element("dd", text));
    return made;
  };

  const show = () => {
    const some = items().length > 0;
    const lost = told.queues[queue].name === "rejected" && told.rejections.length > 0;
    at("question").textContent = told.queues[queue].question;
    at("work").hidden = !some;
    at("nothing").hidden = some || lost;
    at("lost").hidden = !lost;
    at("rejections").replaceChildren(...told.rejections.map((text) => element("li", text)));
    listQueues();
    if (!some) return;
    const entry = item();
    at("place").textContent = `${place + 1} of ${items().length}`;
    at("locator").textContent = entry.locator;
    at("pictures").replaceChildren(picture(entry), ...entry.beside.map(picture));
    at("show").textContent = clear ? "Blur again" : "Show clearly";
    at("show").setAttribute("aria-pressed", String(clear));
    at("show").disabled = !entry.picture && !entry.beside.some((one) => one.picture);
    at("blur").textContent = entry.blur
      ? "People shown here are not known, or not known to have agreed. Looking is written down."
      : "Looking is written down.";
    at("findings").replaceChildren(...entry.findings.map((found) => {
      const line = element("li", undefined, found.effect);
      line.append(element("strong", found.code), element("span", found.title),
        element("span", found.words), element("span", found.remedy, "remedy"));
      if (found.waiver) line.append(element("span", `waived: ${found.waiver}`, "remedy"));
      return line;
    }));
    at("known").replaceChildren(
      known("Verdict", entry.verdict.replace("_", " ")),
      known("Dataset", entry.dataset),
      known("Split", entry.split || "none"),
      known("Labels", entry.labels.join("; ") || "none"),
      known("People", entry.people.join("; ") || "nobody is declared"),
      known("Waits since", entry.since || "not known"),
      known("Other reviewers", entry.said.join("; ") || "none yet"));
    at("clear").disabled = !entry.may_clear;
    at("clear").title = entry.may_clear ? "" : "Nobody clears what is blocked";
    const made = last(entry);
    at("undo").disabled = !made;
    at("decision").textContent = made ? `${words[made.verdict]}: ${made.reason}`
      : entry.may_clear ? "" : "Blocked by a rule: no reviewer clears it.";
  };

  const go = (step) => {
    const next = place + step;
    if (next < 0 || next >= items().length) { say(step > 0 ? "This is the last." : "This is the first."); return; }
    place = next; clear = false; at("reason").value = "";
    show();
  };
  const decide = (verdict) => {
    if (!items().length) return;
    const entry = item(), reason = at("reason").value.trim();
    if (verdict === "cleared" && !entry.may_clear) { say("Blocked by a rule: no reviewer clears it."); return; }
    if (!reason) { say("A decision needs a reason."); at("reason").focus(); return; }
    state.decisions.push({ media_id: entry.media_id, locator: entry.locator, verdict, reason,
      evidence: entry.evidence, decided_at: new Date().toISOString() });
    keep();
    say(`${entry.locator}: ${words[verdict]}`);
    if (place + 1 < items().length) go(1); else show();
    at("reason").blur();
  };
  const undo = () => {
    if (!items().length) return;
    const made = last(item());
    if (!made) return;
    state.decisions.splice(state.decisions.lastIndexOf(made), 1);
    keep(); show();
    say(`${made.locator}: taken back`);
  };
  const look = () => {
    if (!items().length || at("show").disabled) return;
    clear = !clear;
    const entry = item();
    if (clear) {
      const now = new Date().toISOString();
      for (const one of [entry, ...entry.beside]) {
        if (one.picture) state.unblurred.push({ media_id: one.media_id, at: now });
      }
      keep();
    }
    show();
  };

  // The last decision on each entry, in the order of entries.
  const decisions = () => told.items.map(last).filter(Boolean);
  const asJson = () => JSON.stringify({ format: told.format, project: told.project, use: told.use,
    audit_run_id: told.audit_run_id, reviewer: told.reviewer, decisions: decisions(),
    unblurred: state.unblurred }, null, 1) + "\n";
  const asCsv = () => {
    const columns = ["act", "project", "use", "audit_run_id", "reviewer", "media_id", "locator",
      "verdict", "reason", "evidence", "decided_at"];
    const rows = [
      ...decisions().map((one) => ({ act: "decided", ...told, ...one })),
      ...state.unblurred.map((one) => ({ act: "unblurred", ...told, media_id: one.media_id,
        decided_at: one.at })),
    ];
    const cell = (value) => `"${String(value ?? "").replaceAll('"', '""')}"`;
    return [columns.join(","), ...rows.map((row) => columns.map((name) => cell(row[name])).join(","))]
      .join("\r\n") + "\r\n";
  };
  const save = (text, kind, suffix) => {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([text], { type: kind }));
    link.download = `review-${told.reviewer.replaceAll(/[^\w.-]+/g, "-")}.${suffix}`;
    link.click();
    URL.revokeObjectURL(link.href);
    saved = true;
    say(`Saved ${decisions().length} decisions and ${state.unblurred.length} looks.`);
  };

  const acts = { n: () => go(1), ArrowRight: () => go(1), p: () => go(-1), ArrowLeft: () => go(-1),
    c: () => decide("cleared"), b: () => decide("blocked"), u: () => decide("undecided"),
    z: undo, s: look, r: () => at("reason").focus() };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  at("queue").addEventListener("change", (event) => {
    queue = Number(event.target.value); place = 0; clear = false; show();
  });
  for (const [id, act] of Object.entries({ next: acts.n, previous: acts.p, clear: acts.c,
    block: acts.b, undecided: acts.u, undo, show: look,
    "save-json": () => save(asJson(), "application/json", "json"),
    "save-csv": () => save(asCsv(), "text/csv", "csv") })) {
    at(id).addEventListener("click", act);
  }
  addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
  show();
})();
