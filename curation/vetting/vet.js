"use strict";

// The queue as the server last told it; `shown` is the clip on screen, `done` the order of verdicts.
let clips = [];
let reasonNames = {};
let shown = null;
let chosen = new Set();
let done = [];
let times = [];
let startedAt = 0;
let busy = false;

// A server that has stopped without a word must not leave the page waiting.
const patienceMs = 20000;

const $ = (id) => document.getElementById(id);

async function load() {
  const answer = await fetch("/queue", { signal: AbortSignal.timeout(patienceMs) });
  if (!answer.ok) throw new Error(await answer.text());
  const told = await answer.json();
  clips = told.clips;
  reasonNames = told.reasons;
  $("status").textContent = `curator ${told.curator}`;
}

function disagrees(clip) {
  return clip.verdict !== "" && clip.others.some((other) => other !== clip.verdict);
}

const states = {
  "to judge": (clip) => clip.verdict === "",
  kept: (clip) => clip.verdict === "keep",
  excluded: (clip) => clip.verdict === "exclude",
  disagreement: disagrees,
  all: () => true,
};

function option(select, value, text) {
  const item = document.createElement("option");
  item.value = value;
  item.textContent = text;
  select.append(item);
}

function fillFilters() {
  option($("by-class"), "", "all");
  for (const label of [...new Set(clips.map((clip) => clip.avmit_label))].sort()) {
    option($("by-class"), label, label);
  }
  for (const name of Object.keys(states)) option($("by-state"), name, name);
  for (const [key, text] of Object.entries(reasonNames)) {
    option($("by-state"), `reason:${key}`, `excluded: ${text}`);
  }
  option($("by-hint"), "", "any");
  for (const name of [...new Set(clips.map((clip) => clip.hint))].filter(Boolean).sort()) {
    option($("by-hint"), name, name);
  }
  Object.entries(reasonNames).forEach(([key, text], place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.reason = key;
    button.textContent = `${place + 1}: ${text}`;
    button.addEventListener("click", () => toggle(key));
    $("reasons").append(button);
  });
}

function wanted() {
  const state = $("by-state").value;
  const inState = state.startsWith("reason:")
    ? (clip) => clip.reasons.includes(state.slice(7))
    : states[state];
  const label = $("by-class").value;
  const hint = $("by-hint").value;
  return clips.filter(
    (clip) =>
      inState(clip) && (!label || clip.avmit_label === label) && (!hint || clip.hint === hint),
  );
}

function show(clip) {
  shown = clip || null;
  chosen = new Set(shown ? shown.reasons : []);
  $("note").value = shown ? shown.note : "";
  $("label").textContent = shown ? shown.avmit_label : "Nothing left to look at here";
  $("name").textContent = shown ? `${shown.video_location}/${shown.filename}` : "";
  $("hint").textContent =
    shown && shown.hint ? `hint, not a verdict: ${shown.hint} (${shown.score.toFixed(2)})` : "";
  if (shown) {
    $("player").src = `/clips/${shown.id}`;
    $("sheet").src = `/sheets/${shown.id}`;
    play();
    preload();
  } else {
    $("player").removeAttribute("src");
    $("player").load();
    $("sheet").removeAttribute("src");
  }
  startedAt = performance.now();
  draw();
}

function preload() {
  const rest = wanted();
  const following = rest[rest.indexOf(shown) + 1] || rest[0];
  if (following && following !== shown) {
    $("next").src = `/clips/${following.id}`;
    new Image().src = `/sheets/${following.id}`;
  }
}

function play() {
  $("player").currentTime = 0;
  $("player").play().catch((error) => {
    if (error.name === "AbortError") return;
    say(`This clip cannot be played here: ${error.message}`);
  });
}

function draw() {
  for (const button of $("reasons").children) {
    button.setAttribute("aria-pressed", chosen.has(button.dataset.reason));
  }
  const names = [...chosen].map((key) => reasonNames[key]).join("; ");
  $("confirm").textContent = chosen.size ? `Enter: exclude (${names})` : "Enter: keep";
  $("confirm").className = chosen.size ? "exclude" : "";
  const judged = clips.filter((clip) => clip.verdict !== "").length;
  $("bar").max = Math.max(clips.length, 1);
  $("bar").value = judged;
  const recent = times.slice(-20).sort((a, b) => a - b);
  const pace = recent.length ? recent[Math.floor(recent.length / 2)] : 0;
  const left = clips.length - judged;
  const forecast = pace ? `, ${pace.toFixed(1)} s a clip, about ${Math.ceil((left * pace) / 60)} min left` : "";
  const split = clips.filter(disagrees).length;
  $("pace").textContent =
    `${judged} of ${clips.length} judged${forecast}` + (split ? `, ${split} disagreement${split === 1 ? "" : "s"}` : "");
  document.title = `Vetting ${judged}/${clips.length}`;
}

function toggle(key) {
  if (!shown) return;
  if (chosen.has(key)) chosen.delete(key);
  else chosen.add(key);
  draw();
}

function say(text) {
  $("message").textContent = text;
}

async function send(clip, verdict, reasons, note) {
  busy = true;
  try {
    const answer = await fetch("/verdicts", {
      method: "POST",
      signal: AbortSignal.timeout(patienceMs),
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ candidate_id: clip.id, verdict, reasons, note, known: clip.known }),
    });
    if (answer.status === 409) {
      Object.assign(clip, await answer.json());
      say("This clip was judged in another tab; that verdict stands.");
      return false;
    }
    if (!answer.ok) throw new Error(await answer.text());
    Object.assign(clip, await answer.json());
    say("");
    return true;
  } catch (error) {
    say(`Not kept: ${error.message}. Is the command still running? Try again.`);
    return null;
  } finally {
    busy = false;
  }
}

async function confirm() {
  if (!shown || busy) return;
  const clip = shown;
  const order = wanted();
  const place = order.indexOf(clip);
  const reasons = [...chosen];
  const sent = await send(clip, reasons.length ? "exclude" : "keep", reasons, $("note").value.trim());
  if (sent === null) return;
  if (sent) {
    done.push(clip);
    times.push((performance.now() - startedAt) / 1000);
  }
  move(order, place);
}

function move(order, place) {
  const still = new Set(wanted());
  const following = [...order.slice(place + 1), ...order.slice(0, Math.max(place, 0))];
  show(following.find((clip) => still.has(clip)));
}

async function undo() {
  if (busy) return;
  const clip = done.pop() || null;
  if (!clip) return say("Nothing to undo since this page was opened.");
  const sent = await send(clip, "undo", [], "");
  if (sent === null) return void done.push(clip);
  times.pop();
  show(clip);
}

function skip() {
  const order = wanted();
  move(order, order.indexOf(shown));
}

function begin() {
  $("welcome").hidden = true;
  $("work").hidden = false;
  show(wanted()[0]);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (!$("welcome").hidden) {
    if (event.key === "Enter") {
      event.preventDefault();
      begin();
    }
    return;
  }
  if (event.target === $("note")) {
    if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault();
      $("note").blur();
    }
    return;
  }
  if (event.target.tagName === "SELECT" || event.repeat) return;
  const keys = { " ": play, Enter: confirm, u: undo, ArrowRight: skip, n: () => $("note").focus() };
  const reason = Object.keys(reasonNames)[Number(event.key) - 1];
  if (reason) toggle(reason);
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});

$("player").addEventListener("loadedmetadata", () => {
  // Of a codec that it does not know a browser plays the sound and says nothing.
  if ($("player").videoWidth === 0) {
    $("name").textContent += " (this browser cannot show its picture: judge by the frames)";
  }
});

for (const [id, act] of Object.entries({ begin, confirm, replay: play, undo, skip })) {
  $(id).addEventListener("click", (event) => {
    event.currentTarget.blur();
    act();
  });
}
for (const id of ["by-class", "by-state", "by-hint"]) {
  $(id).addEventListener("change", (event) => {
    event.currentTarget.blur();
    show(wanted()[0]);
  });
}
document.addEventListener("visibilitychange", async () => {
  if (document.hidden || busy || $("work").hidden) return;
  const answer = await fetch("/queue", { signal: AbortSignal.timeout(patienceMs) }).catch(() => null);
  if (!answer?.ok) return;
  const told = new Map((await answer.json()).clips.map((clip) => [clip.id, clip]));
  for (const clip of clips) Object.assign(clip, told.get(clip.id));
  draw();
});

load().then(fillFilters).then(draw).catch((error) => {
  document.body.textContent = `The queue cannot be read: ${error.message}`;
});
