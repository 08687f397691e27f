// The upload page: files in, each followed to its end. What each module does stands at its head.
import { bind } from "../keys.js";
import { BatchOf, REFUSED } from "./batch_of.js";
import { Released } from "./before.js";
import { Follower } from "./follow.js";
import { arrive, itemOf, refuse, sameness, stand } from "./items.js";
import { List } from "./list.js";
import { Memory } from "./memory.js";
import { ask, carry } from "./net.js";
import { button, elsewhere, Notice } from "./notice.js";
import { chosen, dropped } from "./pick.js";
import { Queue } from "./queue.js";
import { Sayer } from "./say.js";
import { Sender } from "./sender.js";
import { refusalOf } from "./sniff.js";
import { Sum } from "./sum.js";
import { plural } from "./words.js";

const at = (id) => document.getElementById(id);
const items = [];
const known = new Set();
const notice = new Notice(at("notice"));
const sayer = new Sayer(at("said"));
const list = new List(at("list"), items);
const sum = new Sum(at("batch"), items);
const means = await ask("GET", "/upload/means");
carry(means.token);
const memory = await Memory.open(means.person, means.key);
const batch = new BatchOf(at("dataset"), memory, showBatch);
const released = new Released(at("released"), at("pics"), () => batch.get());
const follower = new Follower(() => batch.get(), { onChange: changed, onTrouble: troubled });
const sender = new Sender({
  batch: (fresh) => batch.get(fresh),
  dataset: () => at("dataset").value,
  memory,
  onProgress: (item, sent) => {
    item.sent = sent;
    list.progressed(item);
    sum.changed(true);
  },
});
const queue = new Queue(send, { onChange: refresh, onTrouble: troubled });

function showBatch(id) {
  at("batch-link").href = `/batches/${id}`;
  at("batch-link").textContent = id.slice(-6);
  at("dataset-says").hidden = false;
}

// What was chosen

async function add(found) {
  const fresh = found.filter((one) => !known.has(sameness(one)));
  for (const one of fresh) known.add(sameness(one));
  if (fresh.length < found.length) sayer.say(`${plural(found.length - fresh.length, "file")} chosen before, and left as they are.`);
  notice.clear("resume");
  const made = fresh.map(itemOf);
  items.push(...made);
  refresh();
  for (const item of made) await check(item);
}

async function check(item) {
  item.code = await memory.codeOf(item.path, item.file);
  const before = memory.idOf(item.code);
  if (before?.startsWith("asset-")) return came(item, { asset: before, duplicate: false });
  const code = await refusalOf(item.file, means.most);
  if (code !== null) return turnedAway(item, code, { told: before === REFUSED });
  if (before?.startsWith("upload-")) item.upload = before;
  item.state = "waiting";
  item.happened = "Waits for its turn";
  queue.add([item]);
}

function turnedAway(item, code, { told = false, detail = "" } = {}) {
  refuse(item, code, means.words, detail);
  if (!told) batch.refused(code, item.code);
  if (item.upload) ask("DELETE", `/upload/files/${item.upload}`).catch(() => null); // it ends by itself, too
  list.changed(item);
  refresh();
}

// On its way

async function send(item, signal) {
  item.state = "sending";
  item.happened = "On its way";
  list.changed(item);
  try {
    const ended = await sender.send(item, signal);
    if (ended.refused) turnedAway(item, ended.refused, ended);
    else await came(item, ended);
  } catch (trouble) {
    item.state = "waiting";
    item.happened = item.sent > 0 ? `Waits, ${Math.round((100 * item.sent) / item.file.size)} % sent` : "Waits for its turn";
    list.changed(item);
    throw trouble;
  }
}

async function came(item, ended) {
  const first = items.find((one) => one !== item && one.asset === ended.asset);
  arrive(item, ended, await batch.get(), first);
  list.changed(item);
  refresh();
  follower.follow(item);
}

function changed(item, told) {
  const before = item.state;
  stand(item, told);
  list.changed(item);
  if (item.state === before) return;
  if (item.state === "released" && told.shown) released.show(item);
  refresh();
}

// What the page says of it all

function refresh() {
  list.changed();
  sum.changed(queue.busy);
  // While paused, it may be finished without the files that wait.
  at("finish").disabled = batch.id === null || (queue.busy && !queue.paused);
  const { released: out = 0, refused = 0, quarantined = 0, needs_review: doubtful = 0 } = sum.counts;
  const parts = [`${sum.arrived} of ${plural(items.length - refused, "file")} sent`, `${out} released`];
  if (doubtful) parts.push(`${doubtful} waiting for a reviewer`);
  if (refused) parts.push(`${refused} refused`);
  if (quarantined) parts.push(`${quarantined} quarantined`);
  if (items.length > 0) sayer.say(`${parts.join(", ")}.`);
}

function troubled(trouble) {
  if (trouble === null) return notice.clear("trouble");
  if (trouble.status === 401) {
    const acts = [elsewhere("Sign in", "/sign-in")];
    return notice.show("trouble", "You are signed out.", "What arrived is kept. Sign in in another window; this page then goes on by itself.", { acts });
  }
  const [title, words] = told(trouble);
  return notice.show("trouble", title, words);
}

function told({ status, message }) {
  if (status === 0) return ["The connection is lost.", "Nothing is lost with it: what arrived is kept, and the rest goes on by itself."];
  if (status === 403) return ["The gateway takes no images from you now.", "What arrived is kept. Ask the compliance officer; this page tries again by itself."];
  const said = `${message[0].toUpperCase()}${message.slice(1)}`;
  return ["Sending waits.", `${said}${/[.!?]$/.test(said) ? "" : "."} It goes on by itself.`];
}

// Controls

function pause() {
  if (queue.paused) queue.go();
  else queue.pause();
  const control = at("pause");
  control.setAttribute("aria-pressed", String(queue.paused));
  control.querySelector("span").textContent = queue.paused ? "Continue" : "Pause";
  control.querySelector("use").setAttribute("href", queue.paused ? "#i-play" : "#i-pause");
  sayer.say(queue.paused ? "Sending is paused." : "Sending goes on.");
}

async function finish() {
  at("finish").disabled = true;
  try {
    await batch.finish();
    location.assign(`/batches/${batch.id}`);
  } catch (trouble) {
    at("finish").disabled = false;
    notice.show("finish", "The batch was not finished.", `${trouble.message} Nothing was changed. Try again.`);
  }
}

function install() {
  for (const kind of ["files", "folder"]) {
    at(`choose-${kind}`).addEventListener("click", () => at(kind).click());
    at(kind).addEventListener("change", () => {
      add(chosen(at(kind)));
      at(kind).value = ""; // so that the same choice counts again
    });
  }
  // Anywhere on the page: what misses the marked place must not open in the browser instead.
  addEventListener("dragover", (event) => {
    event.preventDefault();
    at("drop").classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) at("drop").classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    at("drop").classList.remove("over");
    dropped(event.dataTransfer).then(add);
  });
  at("pause").addEventListener("click", pause);
  at("finish").addEventListener("click", finish);
  const where = "Upload";
  bind({ f: { run: () => at("files").click(), says: "choose files" }, d: { run: () => at("folder").click(), says: "choose a folder" }, p: { run: pause, says: "pause, continue" } }, { where });
}

// After a reload

async function goOn() {
  const asked = at("upload").dataset.batch;
  if (asked) return batch.adopt(asked);
  const { batch: left } = memory;
  if (left === null) return;
  const stands = await ask("POST", `/batches/${left.id}/look`, { assets: [] }, { quiet: true }).catch((trouble) => ({ open: trouble.passing }));
  if (!stands.open) return memory.forget();
  at("dataset").value = left.dataset;
  at("dataset").dispatchEvent(new Event("change", { bubbles: true }));
  batch.adopt(left.id);
  const ids = Object.values(left.files);
  const came = ids.filter((id) => id.startsWith("asset-")).length;
  const cut = ids.filter((id) => id.startsWith("upload-")).length;
  const words = `${plural(came, "file")} arrived, ${cut} cut off on the way. Choose the same files again: what arrived is not sent twice, the rest goes on where it stopped.`;
  const acts = [elsewhere("Open it", `/batches/${left.id}`), button("Leave it, and begin another", another)];
  notice.show("resume", "A batch of yours is unfinished.", words, { tone: "", acts });
}

function another() {
  memory.forget();
  location.assign("/upload");
}

install();
await goOn();
at("upload").dataset.ready = "yes";
