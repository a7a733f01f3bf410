// What this machine keeps of an exam, in IndexedDB: answers that the server has not confirmed (outbox),
// the questions and how far the participant has come (papers, progress), for a reload without network,
// and answers of earlier sittings, sealed, on their way to the server (sealed).

const NAME = "cakap";
const VERSION = 2;

const database = new Promise((resolve) => {
  const asked = indexedDB.open(NAME, VERSION);
  asked.onupgradeneeded = () => {
    const db = asked.result;
    const make = (name, options) => db.objectStoreNames.contains(name) || db.createObjectStore(name, options);
    make("outbox", { keyPath: ["attempt", "seq"] });
    make("papers", { keyPath: "attempt" });
    make("progress", { keyPath: "attempt" });
    make("leases", { keyPath: "attempt" });
    make("sealed", { keyPath: "id", autoIncrement: true });
  };
  asked.onsuccess = () => {
    asked.result.onversionchange = () => asked.result.close();
    resolve(asked.result);
  };
  // A private window, or a page of an older version that is still open: the exam works without this net.
  asked.onerror = asked.onblocked = () => resolve(null);
});

// Run `act` on the stores in one transaction; its result when that is on the disk, undefined where
// nothing can be kept.
async function within(names, mode, act) {
  const db = await database;
  if (!db) return undefined;
  return new Promise((resolve) => {
    let asked;
    try {
      const transaction = db.transaction(names, mode, { durability: "strict" });
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onerror = transaction.onabort = () => resolve(undefined);
      asked = act(...names.map((name) => transaction.objectStore(name)));
    } catch {
      resolve(undefined);
    }
  });
}

export const usable = async () => Boolean(await database);

// An event and, in the same transaction, where the participant stands after it.
export const keepEvent = (event, progress) =>
  within(["outbox", "progress"], "readwrite", (outbox, store) => {
    store.put(progress);
    return outbox.put(event);
  });

export const keepProgress = (progress) => within(["progress"], "readwrite", (store) => store.put(progress));
export const progressOf = (attempt) => within(["progress"], "readonly", (store) => store.get(attempt));
export const keepPaper = (row) => within(["papers"], "readwrite", (store) => store.put(row));
export const paperOf = (attempt) => within(["papers"], "readonly", (store) => store.get(attempt));
export const allEvents = async () => (await within(["outbox"], "readonly", (store) => store.getAll())) ?? [];
export const dropEvents = (events) =>
  within(["outbox"], "readwrite", (store) => {
    for (const { attempt, seq } of events) store.delete([attempt, seq]);
  });

export const keepLease = (lease) => within(["leases"], "readwrite", (store) => store.put(lease));
export const leaseOf = (attempt) => within(["leases"], "readonly", (store) => store.get(attempt));
export const dropLease = (attempt) => within(["leases"], "readwrite", (store) => store.delete(attempt));

export const allSealed = async () => (await within(["sealed"], "readonly", (store) => store.getAll())) ?? [];
export const keepSealed = (row) => within(["sealed"], "readwrite", (store) => store.put(row));
export const dropSealed = (ids) =>
  within(["sealed"], "readwrite", (store) => {
    for (const id of ids) store.delete(id);
  });

// Replace events by what they were sealed to, in one transaction: never both, never neither.
export const replaceBySealed = (events, text) =>
  within(["outbox", "sealed"], "readwrite", (outbox, sealed) => {
    for (const { attempt, seq } of events) outbox.delete([attempt, seq]);
    return sealed.add({ text });
  });

// Forget questions and answers in the clear, of every attempt but one, or of one alone.
export const forgetPapers = (keep = null, only = null) =>
  within(["papers", "progress", "leases"], "readwrite", (...stores) => {
    for (const store of stores) {
      const asked = store.getAllKeys();
      asked.onsuccess = () => asked.result.filter((key) => (only === null ? key !== keep : key === only)).forEach((key) => store.delete(key));
    }
  });
