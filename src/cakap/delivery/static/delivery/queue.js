// Whoever waits at the door: the form that was sent is sent again after a while, a little apart from the
// others'. What was typed is in the form and nowhere else.

const $ = (id) => document.getElementById(id);
const form = $("queue");
const least = Number(form.dataset.after);
const BUSY = [408, 502, 503, 504];

function later(seconds) {
  const until = Date.now() + 1000 * (seconds + seconds * Math.random());
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    $("seconds").textContent = Math.max(left, 0);
    if (left > 0) setTimeout(tick, 1000);
    else again();
  };
  tick();
}

// A page that says why: the sign-in with its errors, or a refusal. What is no page of ours is asked again.
function show(html) {
  const told = new DOMParser().parseFromString(html, "text/html");
  const main = told.querySelector("main");
  if (!main) {
    later(least);
    return;
  }
  document.title = told.title;
  document.querySelector("main").replaceWith(main);
}

async function again() {
  let response;
  try {
    const body = new URLSearchParams(new FormData(form));
    response = await fetch(form.action, { method: "POST", body, redirect: "manual" });
  } catch {
    later(least); // the network is gone for a moment
    return;
  }
  if (response.type === "opaqueredirect") location.replace(form.dataset.next);
  else if (BUSY.includes(response.status)) later(Number(response.headers.get("Retry-After")) || least);
  else show(await response.text());
}

$("again").hidden = true;
$("wait").hidden = false;
later(least);
