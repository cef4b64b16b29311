"use strict";

// A server that has stopped without a word must not leave the page waiting.
const patienceMs = 60000;
const everyMs = 60000;
const said = document.getElementById("said");

function say(text, refused) {
  said.textContent = text;
  said.classList.toggle("refused", refused);
  said.setAttribute("role", refused ? "alert" : "status");
  said.scrollIntoView({ block: "nearest" });
}

function put(target, path, value) {
  const [first, ...rest] = path.split(".");
  if (rest.length) put((target[first] ??= {}), rest.join("."), value);
  else target[first] = value;
}

const yesNo = { yes: true, no: false, silent: null };

function answersOf(form) {
  const answers = {};
  for (const field of form.querySelectorAll("[name]")) {
    const text = field.value.trim();
    if (text === "") continue;
    if (field.dataset.kind === "yes_no") answers[field.name] = yesNo[text];
    else answers[field.name] = field.name === "age" ? Number(text) : text;
  }
  return { answers };
}

function contentOf(form) {
  if ("answers" in form.dataset) return answersOf(form);
  const content = {};
  for (const field of form.querySelectorAll("[name]")) {
    if (field.type === "checkbox") {
      if (field.checked) put(content, field.name, true);
    } else if (field.value.trim() !== "") put(content, field.name, field.value.trim());
  }
  const nested = form.dataset.nested;
  if (nested) {
    if (!content[`has_${nested}`]) delete content[nested];
    else content[nested] = { form_version: "", ethics_approval: "", experimenter: "", ...content[nested] };
    delete content[`has_${nested}`];
  }
  return form.dataset.only ? content[form.dataset.only] ?? {} : content;
}

async function send(form) {
  const answer = await fetch(form.dataset.to, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(contentOf(form)),
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-to]");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.ask && !window.confirm(form.dataset.ask)) return;
  const button = form.querySelector("button");
  button.disabled = true; // a second press must not pay, or enrol, twice
  try {
    const told = await send(form);
    sessionStorage.setItem("said", told.said);
    window.location.reload();
  } catch (error) {
    say(error.message, true);
    button.disabled = false;
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch (error) {
    say(`The browser does not let the page copy: ${error.message}. Mark the line and copy it.`, true);
  }
});

async function refresh(part) {
  try {
    const answer = await fetch(part.dataset.from, { signal: AbortSignal.timeout(patienceMs) });
    if (!answer.ok) throw new Error(await answer.text());
    part.innerHTML = await answer.text(); // made and escaped by the command
  } catch (error) {
    say(`The command does not answer: ${error.message}`, true);
  }
}

for (const part of document.querySelectorAll("[data-from]")) {
  if ("atOnce" in part.dataset) refresh(part);
  setInterval(() => refresh(part), everyMs);
}

const last = sessionStorage.getItem("said");
if (last) {
  say(last, false);
  sessionStorage.removeItem("said");
}
