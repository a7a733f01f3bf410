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

async function snap(field) {
  const video = $("camera").hidden ? await camera("user") : $("camera");
  if ($("snap").dataset.ready !== "yes") {
    $("snap").dataset.ready = "yes";
    $("taken").hidden = true;
    return;
  }
  const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((picture) => {
    const files = new DataTransfer();
    files.items.add(new File([picture], "foto.jpg", { type: "image/jpeg" }));
    field.files = files.files;
    show(picture);
    $("snap").dataset.ready = "";
  }, "image/jpeg", 0.85);
}

const field = document.querySelector("[name=picture]");
if (field && $("taken")) {
  field.addEventListener("change", () => field.files[0] && show(field.files[0]));
  if (navigator.mediaDevices?.getUserMedia) {
    $("snap").hidden = false;
    $("snap").addEventListener("click", () => snap(field).catch(() => { $("snap").hidden = true; }));
  }
}
if ($("scan") && "BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia) {
  $("scan").hidden = false;
  $("scan").addEventListener("click", () => scan().catch(() => { $("scan").hidden = true; }));
}
