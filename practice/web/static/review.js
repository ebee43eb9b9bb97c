"use strict";
// The keyboard, the player, and comments at a moment. Without it every form still works.

const audio = document.getElementById("audio");
const wave = document.getElementById("wave");
const review = document.getElementById("review");
const help = document.getElementById("help");

// ---- the player -----------------------------------------------------------------

function playFrom(seconds) {
  if (!audio) return;
  audio.currentTime = Math.max(0, seconds);
  audio.play().catch(() => {});
}

function toggle() {
  if (!audio) return;
  if (audio.paused) audio.play().catch(() => {});
  else audio.pause();
}

function seek(by) {
  if (!audio) return;
  audio.currentTime = Math.max(0, audio.currentTime + by);
}

if (audio && wave) {
  const playhead = document.getElementById("playhead");
  const duration = Number(wave.dataset.duration);
  const characters = [...document.querySelectorAll(".char[data-at]")];
  const follow = () => {
    const now = audio.currentTime;
    const x = String((now / duration) * 1000);
    playhead.setAttribute("x1", x);
    playhead.setAttribute("x2", x);
    const spoken = characters.filter((c) => Number(c.dataset.at) <= now + 0.02);
    const last = audio.paused ? undefined : spoken[spoken.length - 1];
    for (const c of characters) c.classList.toggle("now", c === last);
    if (!audio.paused) requestAnimationFrame(follow);
  };
  for (const event of ["play", "pause", "seeked", "timeupdate"]) audio.addEventListener(event, follow);
  wave.addEventListener("click", (event) => {
    const box = wave.getBoundingClientRect();
    playFrom(((event.clientX - box.left) / box.width) * duration);
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-at]");
  if (button) playFrom(Number(button.dataset.at));
});

// ---- compared with the reference recording -----------------------------------------

const beside = document.getElementById("beside");
if (beside) {
  fetch(beside.dataset.from)
    .then((answer) => (answer.ok ? answer.json() : []))
    .catch(() => [])
    .then((lines) => {
      beside.replaceChildren(
        ...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })),
      );
    });
}

// ---- verdicts on elements ---------------------------------------------------------

// The first press says the other way than the machine, a second one the machine's own
// way, a third leaves it to the machine. Where it was unsure, heard comes first.
function turn(item) {
  const choices = item.querySelectorAll("input[type=radio]");
  if (!choices.length) return;
  const order = item.dataset.machine === "heard" ? ["", "missed", "heard"] : ["", "heard", "missed"];
  const now = [...choices].find((c) => c.checked);
  const next = order[(order.indexOf(now ? now.value : "") + 1) % order.length];
  const chosen = [...choices].find((c) => c.value === next);
  chosen.checked = true;
  chosen.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  changed = true;
}

// ---- comments ---------------------------------------------------------------------

function emptyComment() {
  const rows = [...document.querySelectorAll(".comment")];
  const empty = rows.find((row) => !row.querySelector("textarea").value);
  if (empty) return empty;
  const added = document.getElementById("comment-row").content.cloneNode(true);
  const list = document.getElementById("comments");
  list.append(added);
  return list.lastElementChild;
}

function comment(seconds) {
  if (!document.getElementById("comments")) return;
  const row = emptyComment();
  const at = row.querySelector("[name=comment-at]");
  const label = row.querySelector(".moment");
  if (seconds === null) {
    at.value = "";
    label.hidden = true;
  } else {
    at.value = seconds.toFixed(2);
    label.dataset.at = at.value;
    label.textContent = `${seconds.toFixed(1)} s`;
    label.hidden = false;
  }
  row.querySelector("textarea").focus();
}

const atMoment = document.getElementById("at-moment");
if (atMoment) atMoment.addEventListener("click", () => comment(audio ? audio.currentTime : null));

// ---- the keyboard -----------------------------------------------------------------

const helpButton = document.getElementById("help-button");
if (helpButton) helpButton.addEventListener("click", () => help.showModal());

function isWriting(element) {
  if (!element) return false;
  if (element.isContentEditable || ["TEXTAREA", "SELECT"].includes(element.tagName)) return true;
  return element.tagName === "INPUT" && !["radio", "checkbox", "button"].includes(element.type);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const here = document.activeElement;
  if (event.key === "Enter" && here && here.tagName === "INPUT" && review && review.contains(here)) {
    // It would press the first button, which passes the take.
    event.preventDefault();
    return;
  }
  if (isWriting(here)) {
    if (event.key === "Escape") here.blur();
    return;
  }
  if (help && help.open) return;
  const key = event.key.toLowerCase();
  const nth = Number(key);
  if (key === " " && audio) {
    // Space would also press the button that was clicked last.
    if (here) here.blur();
    toggle();
  } else if (key === "arrowleft" && audio) seek(-2);
  else if (key === "arrowright" && audio) seek(2);
  else if (nth >= 1 && nth <= 9 && review) {
    const item = review.querySelectorAll(".elements > li")[nth - 1];
    if (item) turn(item);
  } else if (key === "c" && review) comment(null);
  else if (key === "m" && review) comment(audio ? audio.currentTime : null);
  else {
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target || event.repeat) return;
    target.click();
  }
  event.preventDefault();
});

// ---- nothing that was entered is lost unasked ----------------------------------------

// What came back unsaved, since somebody else was quicker, is still to be saved.
let changed = Boolean(review && "unsaved" in review.dataset);
if (review) {
  review.addEventListener("input", () => { changed = true; });
  let sent = false;
  review.addEventListener("submit", (event) => {
    // A second press of the key must not save twice.
    if (sent) event.preventDefault();
    sent = true;
    changed = false;
  });
  window.addEventListener("pageshow", () => { sent = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}
