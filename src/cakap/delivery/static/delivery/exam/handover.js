// On the pages around the exam (consent, receipt): nobody else's questions and answers stay readable here.

import { clearMachine } from "./leftovers.js";
import { onOtherAttempt } from "./lease.js";

const { sealTo, nacl, attempt, token } = document.getElementById("handover").dataset;
// After the receipt nothing of this attempt stays either.
const current = token ? { attempt: Number(attempt), token } : {};
clearMachine({ sealTo, naclSource: nacl }, current);
onOtherAttempt(Number(attempt), () => {});
