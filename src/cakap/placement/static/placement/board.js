// A person is dragged, or picked and put by keys, onto another post; the server says what would follow.
const board = document.getElementById("board");
const result = document.getElementById("trial");
let picked = null;

function pick(chip) {
  picked?.classList.remove("cakap-picked");
  picked?.setAttribute("aria-pressed", "false");
  picked = chip;
  chip?.classList.add("cakap-picked");
  chip?.setAttribute("aria-pressed", "true");
}

function put(post) {
  if (!picked || !post) return;
  const asked = new URLSearchParams({ position: post.dataset.post });
  htmx.ajax("GET", `${picked.dataset.url}?${asked}`, { target: result, swap: "innerHTML" })
    .then(() => result.scrollIntoView({ block: "nearest" }));
  pick(null);
}

board.addEventListener("dragstart", (event) => {
  const chip = event.target.closest("[data-url]");
  if (!chip) return;
  pick(chip);
  event.dataTransfer.setData("text/plain", chip.dataset.url);
});
board.addEventListener("dragover", (event) => {
  if (picked && event.target.closest("[data-post]")) event.preventDefault();
});
board.addEventListener("drop", (event) => {
  event.preventDefault();
  put(event.target.closest("[data-post]"));
});
board.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-url]");
  if (chip && (!picked || picked === chip || picked.closest("[data-post]") === chip.closest("[data-post]")))
    pick(chip === picked ? null : chip);
  else put(event.target.closest("[data-post]"));
});
board.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-post]")) put(event.target);
  if (event.key === "Escape") pick(null);
});
document.getElementById("filter").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase();
  for (const post of board.children) post.hidden = !post.textContent.toLowerCase().includes(words);
});
