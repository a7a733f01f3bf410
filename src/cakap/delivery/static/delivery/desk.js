// The registration desk: a picture from this machine's camera, and codes where the browser reads them.
// Without either the desk works by keyboard, by a scanner that types, and by files.

const $ = (id) => document.getElementById(id);

async function camera(facing) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: 640 } });
  const video = $("camera");
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  return video;
}

async function scan() {
  const reader = new BarcodeDetector({ formats: ["qr_code"] });
  const video = await camera("environment");
  const look = async () => {
    const [found] = await reader.detect(video);
    if (!found) return setTimeout(look, 200);
    const field = document.querySelector("[name=told]");
    field.value = found.rawValue;
    field.form.submit();
  };
  look();
}

function show(picture) {
  $("taken").src = URL.createObjectURL(picture);
  $("taken").hidden = false;
  $("camera").hidden = true;
}

const WIDEST = 640; // enough for a face, and within what the server takes

function drawn(source, width, height) {
  const scale = Math.min(1, WIDEST / Math.max(width, height));
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  const canvas = Object.assign(document.createElement("canvas"), size);
  canvas.getContext("2d").drawImage(source, 0, 0, size.width, size.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
}

const taken = (video) => drawn(video, video.videoWidth, video.videoHeight);

function put(field, picture) {
  const files = new DataTransfer();
  files.items.add(new File([picture], "foto.jpg", { type: "image/jpeg" }));
  field.files = files.files;
  show(picture);
}

// A phone's picture has several megabytes: what is sent is as small as the camera's own.
async function chosen(field) {
  const [file] = field.files;
  if (!file) return;
  show(file);
  const image = await createImageBitmap(file).catch(() => null); // what is no picture is refused by the server
  const picture = image && (await drawn(image, image.width, image.height));
  if (picture && field.files[0] === file) put(field, picture);
}

// One press compares, takes the picture and asks for the PIN: at the door seconds count 300 times.
async function live(field) {
  const video = await camera("user");
  $("file").hidden = true;
  $("live").hidden = false;
  field.form.addEventListener("submit", async (event) => {
    if (event.submitter?.id !== "same" || field.files.length) return;
    event.preventDefault();
    $("same").disabled = true;
    const picture = await taken(video);
    if (!picture) return withoutCamera(); // the camera was pulled out
    put(field, picture);
    field.form.submit();
  });
}

function withoutCamera() {
  $("camera").hidden = $("live").hidden = true;
  $("file").hidden = $("same").disabled = false;
}

const field = document.querySelector("[name=picture]");
if (field && $("same") && $("taken")) {
  field.addEventListener("change", () => chosen(field));
  if (navigator.mediaDevices?.getUserMedia) live(field).catch(withoutCamera);
}
if ($("scan") && "BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia) {
  $("scan").hidden = false;
  $("scan").addEventListener("click", () => scan().catch(() => { $("scan").hidden = true; }));
}
