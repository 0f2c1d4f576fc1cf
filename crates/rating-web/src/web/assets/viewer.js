// The images of a pair side by side: zoom, pan and cursor are linked, each has
// its rectangle. Brightness and contrast change grayscale only, never colour.

const HANDLE_PX = 8;
// Less than this is a slip of the mouse, and is not taken by the room.
const SMALLEST_ROI_PX = 16;
const TOO_SMALL = `A rectangle has at least ${SMALLEST_ROI_PX} x ${SMALLEST_ROI_PX} pixels inside the image: draw a larger one.`;
// What is seen around a rectangle, as a share of its sides.
const AROUND = 0.2;
const OTHERS = ["#8ec7ff", "#7ddc9b", "#f5a3d8", "#f2e36b", "#c9b6ff"];

export class PairViewer {
  // `changed(rois, quietly)` is called when a person moves a rectangle.
  constructor(figures, images, changed) {
    this.changed = changed;
    this.refused = () => {}; // refused(sentence): why a rectangle is not taken
    this.scale = 1;
    this.origin = [0, 0];
    this.cursor = null;
    this.hidden = false;
    this.drawing = false;
    this.shared = true;
    this.locked = false;
    this.opacity = 0.6;
    this.close = false; // shows the rectangles large, not the whole images
    this.adjust = { brightness: 0, contrast: 0 };
    this.views = images.map((image, index) => new View(this, index, figures[index], image));
    this.rois = images.map(() => null);
    this.others = []; // rectangles of other readings, numbered from 1
    this.active = 0;
    new ResizeObserver(() => this.refit()).observe(figures[0].parentElement);
  }

  async load() {
    await Promise.all(this.views.map((view) => view.load()));
    this.fit();
  }

  // A second row: the same images under the heatmaps of these figures.
  addMaps(figures) {
    const below = figures.map((figure) => {
      const above = this.views.find((view) => view.figure.dataset.modality === figure.dataset.modality);
      return new MapView(this, figure, above);
    });
    this.views.push(...below);
    this.refit();
    return below;
  }

  refit() {
    if (this.close) this.fitRois();
    else this.fit();
  }

  fit() {
    this.close = false;
    const ratio = (view) => Math.min(view.width / view.image.width, view.height / view.image.height);
    for (const view of this.views) view.measure();
    this.scale = Math.min(...this.views.map(ratio));
    const [view] = this.views;
    // All views share the origin: around the largest image none is cut off.
    const largest = (side) => Math.max(...this.views.map((one) => one.image[side]));
    const middle = (box, side) => (side - box / this.scale) / 2;
    this.origin = [middle(view.width, largest("width")), middle(view.height, largest("height"))];
    this.draw();
  }

  // The rectangles as large as they go, with what lies around them.
  fitRois() {
    const drawn = this.rois.filter((roi) => roi !== null);
    if (drawn.length === 0) return this.fit();
    this.close = true;
    for (const view of this.views) view.measure();
    const side = (index, pick) => pick(...drawn.map((roi) => roi[index]));
    const [left, top, right, bottom] = [side(0, Math.min), side(1, Math.min), side(2, Math.max), side(3, Math.max)];
    const wide = (1 + 2 * AROUND) * (right - left);
    const high = (1 + 2 * AROUND) * (bottom - top);
    this.scale = Math.min(...this.views.map((view) => Math.min(view.width / wide, view.height / high)));
    const [view] = this.views;
    this.origin = [(left + right - view.width / this.scale) / 2, (top + bottom - view.height / this.scale) / 2];
    this.draw();
  }

  actual() {
    const [view] = this.views;
    this.zoom(1 / (devicePixelRatio * this.scale), view.width / 2, view.height / 2);
  }

  zoom(factor, x, y) {
    const scale = Math.min(40, Math.max(0.05, this.scale * factor));
    this.origin[0] += x / this.scale - x / scale;
    this.origin[1] += y / this.scale - y / scale;
    this.scale = scale;
    this.draw();
  }

  pan(dx, dy) {
    this.origin[0] -= dx / this.scale;
    this.origin[1] -= dy / this.scale;
    this.draw();
  }

  // Whether rectangles can be changed: none that is not seen.
  get mayDraw() {
    return !this.locked && !this.hidden;
  }

  // Keys work on the image where the last rectangle was drawn.
  focus() {
    this.views[this.active].canvas.focus();
  }

  // A rectangle of one image; where the pair shares it, of all. False where too
  // little of it lies in an image.
  setRoi(index, roi, quietly) {
    if (!this.mayDraw) return false;
    const isMeant = (other) => other === index || this.shared;
    const rois = this.rois.map((old, other) => (isMeant(other) ? clamp(roi, this.views[other].image) : old));
    if (rois.some((one, other) => isMeant(other) && isSmall(one))) return false;
    this.rois = rois;
    this.changed(this.rois, quietly);
    this.draw();
    return true;
  }

  // The same, for a change that is whole at once.
  setWhole(index, roi) {
    if (this.mayDraw && !this.setRoi(index, roi, false)) this.refused(TOO_SMALL);
  }

  // A first rectangle in the middle, for whoever draws with keys.
  placeRoi() {
    const { width, height } = this.views[this.active].image;
    const part = (share, side) => Math.round(share * side);
    this.setWhole(this.active, [part(0.25, width), part(0.3, height), part(0.75, width), part(0.7, height)]);
  }

  nudge(dx, dy, corner) {
    const roi = this.rois[this.active];
    if (!roi) return;
    const [left, top, right, bottom] = roi;
    if (corner) {
      const size = (low, high) => Math.max(low + SMALLEST_ROI_PX, high);
      this.setWhole(this.active, [left, top, size(left, right + dx), size(top, bottom + dy)]);
    } else {
      this.setWhole(this.active, within([left + dx, top + dy, right + dx, bottom + dy], this.views[this.active].image));
    }
  }

  draw() {
    for (const view of this.views) view.draw();
  }
}

class View {
  constructor(viewer, index, figure, image) {
    Object.assign(this, { viewer, index, figure, image });
    this.canvas = figure.querySelector("canvas");
    this.adjustable = figure.hasAttribute("data-adjustable");
    this.picture = null;
    this.drag = null;
    const on = (name, act) => this.canvas.addEventListener(name, act, { passive: false });
    on("wheel", (event) => {
      event.preventDefault();
      viewer.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
    });
    on("pointerdown", (event) => this.begin(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.end(event));
    on("pointercancel", (event) => this.end(event));
    on("pointerleave", () => {
      viewer.cursor = null;
      viewer.draw();
    });
    on("focus", () => {
      viewer.active = index;
      viewer.draw();
    });
  }

  async load() {
    const picture = new Image();
    picture.src = this.image.url;
    await picture.decode();
    this.picture = picture;
  }

  measure() {
    const box = this.canvas.getBoundingClientRect();
    this.width = box.width;
    this.height = box.height;
    this.canvas.width = Math.round(box.width * devicePixelRatio);
    this.canvas.height = Math.round(box.height * devicePixelRatio);
  }

  toImage(event) {
    const { scale, origin } = this.viewer;
    return [event.offsetX / scale + origin[0], event.offsetY / scale + origin[1]];
  }

  begin(event) {
    if (event.button !== 0) return;
    const { viewer } = this;
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus();
    viewer.active = this.index;
    const at = this.toImage(event);
    const roi = viewer.rois[this.index];
    const corner = viewer.mayDraw ? this.cornerAt(event, roi) : null;
    const drag = { began: false, refused: false };
    if (viewer.drawing && viewer.mayDraw) this.drag = { ...drag, kind: "draw", from: at };
    else if (corner) this.drag = { ...drag, kind: "draw", from: corner };
    else if (viewer.mayDraw && roi && event.altKey && inside(at, roi)) this.drag = { ...drag, kind: "move", from: at, roi };
    else this.drag = { kind: "pan", x: event.offsetX, y: event.offsetY };
  }

  // The opposite corner of a handle under the pointer.
  cornerAt(event, roi) {
    if (!roi) return null;
    const [x, y] = this.toImage(event);
    const near = HANDLE_PX / this.viewer.scale;
    const xs = [roi[0], roi[2]];
    const ys = [roi[1], roi[3]];
    for (const i of [0, 1]) {
      for (const j of [0, 1]) {
        if (Math.abs(x - xs[i]) <= near && Math.abs(y - ys[j]) <= near) return [xs[1 - i], ys[1 - j]];
      }
    }
    return null;
  }

  move(event) {
    const { viewer, drag } = this;
    const at = this.toImage(event);
    viewer.cursor = at;
    if (drag?.kind === "pan") {
      viewer.pan(event.offsetX - drag.x, event.offsetY - drag.y);
      Object.assign(drag, { x: event.offsetX, y: event.offsetY });
      return;
    }
    if (drag?.kind === "draw") this.change(rectangle(drag.from, at));
    if (drag?.kind === "move") {
      const [dx, dy] = [Math.round(at[0] - drag.from[0]), Math.round(at[1] - drag.from[1])];
      const [left, top, right, bottom] = drag.roi;
      this.change(within([left + dx, top + dy, right + dx, bottom + dy], this.image));
    }
    viewer.draw();
  }

  change(roi) {
    if (this.viewer.setRoi(this.index, roi, this.drag.began)) this.drag.began = true;
    else this.drag.refused = true;
  }

  end() {
    if (this.drag?.refused && !this.drag.began) this.viewer.refused(TOO_SMALL);
    if (this.drag?.kind === "draw" && this.drag.began) this.viewer.drawing = false;
    this.drag = null;
    this.viewer.draw();
  }

  draw() {
    if (!this.picture) return;
    const { viewer, canvas } = this;
    const pen = canvas.getContext("2d");
    const { scale, origin } = viewer;
    const ratio = devicePixelRatio;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(scale * ratio, 0, 0, scale * ratio, -origin[0] * scale * ratio, -origin[1] * scale * ratio);
    pen.imageSmoothingEnabled = scale * ratio < 1;
    const { brightness, contrast } = viewer.adjust;
    const changed = this.adjustable && (brightness !== 0 || contrast !== 0);
    pen.filter = changed ? `brightness(${100 + brightness}%) contrast(${100 + contrast}%)` : "none";
    pen.drawImage(this.picture, 0, 0);
    pen.filter = "none";
    if (!viewer.hidden) {
      this.drawOver(pen);
      this.drawOthers(pen);
      this.drawRoi(pen);
      this.drawNumbers(pen);
    }
    this.drawCursor(pen);
  }

  // Dashed, so that they are not taken for the own one.
  drawOthers(pen) {
    const thin = 1 / this.viewer.scale;
    pen.lineWidth = 1.5 * thin;
    pen.setLineDash([6 * thin, 4 * thin]);
    this.viewer.others.forEach((rois, number) => {
      const roi = rois[this.index];
      if (!roi) return;
      const [left, top, right, bottom] = roi;
      pen.strokeStyle = OTHERS[number % OTHERS.length];
      pen.strokeRect(left, top, right - left, bottom - top);
    });
    pen.setLineDash([]);
  }

  // Each rectangle's number on its upper side, so that colour is not the only
  // sign; those of the same rectangle stand beside one another.
  drawNumbers(pen) {
    const thin = 1 / this.viewer.scale;
    pen.font = `600 ${13 * thin}px system-ui, sans-serif`;
    this.viewer.others.forEach((rois, number) => {
      const roi = rois[this.index];
      if (!roi) return;
      const [left, top] = [roi[0] + (4 + 18 * number) * thin, roi[1] - 9 * thin];
      pen.fillStyle = "rgba(0, 0, 0, .8)";
      pen.fillRect(left, top, 16 * thin, 18 * thin);
      pen.fillStyle = OTHERS[number % OTHERS.length];
      pen.fillText(String(number + 1), left + 4 * thin, top + 14 * thin);
    });
  }

  // What lies between the image and its rectangle.
  drawOver() {}

  drawRoi(pen) {
    const roi = this.viewer.rois[this.index];
    if (!roi) return;
    const [left, top, right, bottom] = roi;
    const thin = 1 / this.viewer.scale;
    pen.lineWidth = 4 * thin;
    pen.strokeStyle = "rgba(0, 0, 0, .55)";
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.lineWidth = 2 * thin;
    pen.strokeStyle = "#ff9d2e";
    pen.strokeRect(left, top, right - left, bottom - top);
    if (this.viewer.locked) return;
    pen.fillStyle = "#ff9d2e";
    const half = (HANDLE_PX / 2) * thin;
    for (const x of [left, right]) for (const y of [top, bottom]) pen.fillRect(x - half, y - half, 2 * half, 2 * half);
  }

  drawCursor(pen) {
    const { cursor, scale } = this.viewer;
    if (!cursor) return;
    const arm = 9 / scale;
    pen.lineWidth = 1 / scale;
    pen.strokeStyle = "rgba(255, 255, 255, .8)";
    pen.beginPath();
    pen.moveTo(cursor[0] - arm, cursor[1]);
    pen.lineTo(cursor[0] + arm, cursor[1]);
    pen.moveTo(cursor[0], cursor[1] - arm);
    pen.lineTo(cursor[0], cursor[1] + arm);
    pen.stroke();
  }
}

// An image of the pair under its heatmap: yellow, as opaque as the map says.
class MapView extends View {
  constructor(viewer, figure, above) {
    super(viewer, above.index, figure, above.image);
    Object.assign(this, { picture: above.picture, veil: null, roi: null, watermark: "" });
  }

  drawOver(pen) {
    if (this.veil) {
      const [left, top, right, bottom] = this.roi;
      pen.globalAlpha = this.viewer.opacity;
      pen.drawImage(this.veil, left, top, right - left, bottom - top);
      pen.globalAlpha = 1;
    }
    if (this.watermark) this.drawWatermark(pen);
  }

  // Across the whole view, so that no picture of it goes without.
  drawWatermark(pen) {
    pen.save();
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.translate(this.width / 2, this.height / 2);
    const letters = Math.min(this.width / this.watermark.length, this.height / 3);
    pen.font = `700 ${letters}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillStyle = "rgba(255, 255, 255, .22)";
    pen.fillText(this.watermark, 0, 0);
    pen.restore();
  }
}

function rectangle(a, b) {
  const low = (i) => Math.round(Math.min(a[i], b[i]));
  const high = (i) => Math.round(Math.max(a[i], b[i]));
  return [low(0), low(1), high(0), high(1)];
}

// Whether all images have the same rectangle, as far as they have one.
export function areOne(rois) {
  const drawn = rois.filter((roi) => roi !== null);
  return drawn.length < rois.length || drawn.every((roi) => String(roi) === String(drawn[0]));
}

function isSmall([left, top, right, bottom]) {
  return right - left < SMALLEST_ROI_PX || bottom - top < SMALLEST_ROI_PX;
}

function inside([x, y], [left, top, right, bottom]) {
  return x >= left && x < right && y >= top && y < bottom;
}

// The part of a rectangle that lies in an image.
function clamp([left, top, right, bottom], { width, height }) {
  const fit = (value, most) => Math.min(most, Math.max(0, value));
  const kept = [fit(left, width - 1), fit(top, height - 1), fit(right, width), fit(bottom, height)];
  return [kept[0], kept[1], Math.max(kept[0] + 1, kept[2]), Math.max(kept[1] + 1, kept[3])];
}

// The rectangle moved into an image without changing its size.
function within([left, top, right, bottom], { width, height }) {
  const dx = Math.max(0, -left) + Math.min(0, width - right);
  const dy = Math.max(0, -top) + Math.min(0, height - bottom);
  return [left + dx, top + dy, right + dx, bottom + dy];
}
