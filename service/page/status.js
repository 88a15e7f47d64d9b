"use strict";
// Reads /v1/status every two seconds and draws it; posts the form to /v1/verify. What comes from
// elsewhere is only ever set as text.

const OUTCOMES = ["pass", "fail", "undecided", "refused"];
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function drawChart(history, buckets) {
  const chart = byId("chart");
  const totals = history.map((each) => OUTCOMES.reduce((sum, name) => sum + each[name], 0));
  const most = Math.max(1, ...totals);
  const width = 720 / buckets;
  const bars = [];
  history.forEach((each, index) => {
    let bottom = 180;
    for (const name of OUTCOMES) {
      if (!each[name]) continue;
      const height = Math.max(1, (each[name] / most) * 176);
      const bar = document.createElementNS(SVG, "rect");
      const place = { x: index * width, y: bottom - height, width: width * 0.85, height };
      for (const [key, value] of Object.entries(place)) bar.setAttribute(key, value.toFixed(2));
      bar.setAttribute("class", name);
      bars.push(bar);
      bottom -= height;
    }
  });
  chart.replaceChildren(...bars);
  byId("most").textContent = `highest bar: ${most} in ${byId("chart").dataset.seconds || 10} s`;
}

function draw(status) {
  const { load, history, pools } = status;
  byId("chart").dataset.seconds = status.bucket_s;
  drawChart(history, history.length);
  const sums = Object.fromEntries(
    OUTCOMES.map((name) => [name, history.reduce((sum, each) => sum + each[name], 0)]),
  );
  for (const place of document.querySelectorAll("[data-sum]")) {
    place.textContent = sums[place.dataset.sum].toLocaleString("en");
  }
  const judged = sums.pass + sums.fail + sums.undecided;
  const last = history[history.length - 2];
  byId("rate").textContent = ((last.pass + last.fail + last.undecided) / status.bucket_s).toFixed(1);
  byId("running").textContent = `${load.running} of ${load.slots}`;
  byId("waiting").textContent = load.waiting;
  byId("undecided").textContent = judged ? `${((100 * sums.undecided) / judged).toFixed(1)} %` : "–";
  byId("pool-rows").replaceChildren(
    ...pools.map((pool) => {
      const row = element("tr");
      for (const name of ["language", "busy", "sandboxes", "replaced"]) {
        row.append(element("td", pool[name]));
      }
      return row;
    }),
  );
  byId("state").textContent = `up for ${spoken(status.up_s)}, ${status.backend}`;
  byId("state").className = "";
  byId("about").textContent = `version ${status.version}`;
}

function spoken(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

async function refresh() {
  try {
    const answer = await fetch("v1/status");
    draw(await answer.json());
  } catch {
    byId("state").textContent = "the service does not answer";
    byId("state").className = "away";
  }
}

function checkOf(text) {
  const written = text.trim();
  if (!written) return undefined;
  return written.startsWith("{") ? JSON.parse(written) : { kind: "asserts", tests: written };
}

async function judge(event) {
  event.preventDefault();
  const place = byId("verdict");
  place.replaceChildren(element("p", "Judging …", "note"));
  try {
    const sample = { code: byId("code").value, language: byId("language").value };
    const check = checkOf(byId("tests").value);
    if (check) sample.check = check;
    const headers = { "Content-Type": "application/json" };
    if (byId("token").value) headers.Authorization = `Bearer ${byId("token").value}`;
    const answer = await fetch("v1/verify", { method: "POST", headers, body: JSON.stringify(sample) });
    const body = await answer.json();
    place.replaceChildren(...(answer.ok ? verdict(body) : [element("p", body.error, "said fail")]));
  } catch (error) {
    place.replaceChildren(element("p", String(error.message), "said fail"));
  }
}

function verdict(given) {
  const said = element("p", undefined, "said");
  said.append(element("strong", given.decision, given.decision), ` ${given.reason}`);
  if (given.message) said.append(`: ${given.message}`);
  const parts = [said];
  if (given.tests && given.tests.length) parts.push(tests(given.tests));
  const usage = given.usage || {};
  const cpu = ((usage.cpu_s || 0) * 1000).toFixed(0);
  parts.push(element("p", `${cpu} ms of CPU, ${(usage.peak_memory_mib || 0).toFixed(0)} MiB`, "note"));
  for (const name of ["stdout", "stderr"]) {
    const stream = given[name];
    if (stream && stream.head) parts.push(element("pre", stream.head + (stream.tail ? `\n…\n${stream.tail}` : "")));
  }
  return parts;
}

function tests(given) {
  const table = element("table");
  const head = element("tr");
  for (const name of ["test", "", ""]) head.append(element("th", name));
  table.append(head);
  for (const each of given) {
    const row = element("tr");
    row.append(element("td", each.name));
    row.append(element("td", each.passed ? "pass" : each.reason || "not run", each.passed ? "pass" : "fail"));
    row.append(element("td", each.message || ""));
    table.append(row);
  }
  return table;
}

async function offerLanguages() {
  const languages = await (await fetch("v1/languages")).json().catch(() => []);
  if (!Array.isArray(languages)) return;
  const names = languages.map((each) => each.name);
  const options = names.map((name) => element("option", name));
  byId("language").replaceChildren(...options);
  byId("language").value = "python";
}

byId("form").addEventListener("submit", judge);
offerLanguages().catch(() => {});
refresh();
setInterval(refresh, 2000);
