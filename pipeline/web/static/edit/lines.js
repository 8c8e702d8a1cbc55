/** The printed lines of a blank, found in its dark pixels, so that a box can be laid on them. */

const REACH = 1.5;
const DARK = 165;
const SHARE = 0.5;
const TRIM = 0.12;

export class Lines {
  #dark;
  #width;
  #height;
  #scale;

  /** Read the pixels of a loaded page image that is `page.width` mm wide. */
  constructor(image, page) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    this.#dark = new Uint8Array(canvas.width * canvas.height);
    for (let index = 0; index < this.#dark.length; index++) this.#dark[index] = data[4 * index] < DARK ? 1 : 0;
    [this.#width, this.#height] = [canvas.width, canvas.height];
    this.#scale = canvas.width / page.width;
  }

  /** The box on the printed lines beside its edges; an edge without a line stays. */
  snapped([x, y, w, h]) {
    const [reachX, reachY] = [Math.min(REACH, w / 3), Math.min(REACH, h / 3)];
    const left = this.#line(x, y, h, reachX, true) ?? x;
    const right = this.#line(x + w, y, h, reachX, true) ?? x + w;
    const top = this.#line(y, x, w, reachY, false) ?? y;
    const bottom = this.#line(y + h, x, w, reachY, false) ?? y + h;
    return [left, top, right - left, bottom - top];
  }

  /** Where the strongest line nearest to `at` (mm) lies, which runs from `from` on for `length` mm; or null. */
  #line(at, from, length, reach, upright) {
    const scale = this.#scale;
    const [start, end] = [from + length * TRIM, from + length * (1 - TRIM)].map((mm) => Math.round(mm * scale));
    const middle = at * scale;
    const [first, last] = [Math.floor(middle - reach * scale), Math.ceil(middle + reach * scale)];
    const shares = [];
    for (let row = first; row <= last; row++) shares.push(this.#share(row, start, end, upright));
    let best = null;
    shares.forEach((share, index) => {
      const worth = share - (0.3 * Math.abs(first + index - middle)) / (reach * scale);
      if (share >= SHARE && (best === null || worth > best.worth)) best = { index, share, worth };
    });
    if (best === null) return null;
    let [low, high] = [best.index, best.index];
    while (low > 0 && shares[low - 1] >= 0.7 * best.share) low--;
    while (high < shares.length - 1 && shares[high + 1] >= 0.7 * best.share) high++;
    return (first + (low + high) / 2 + 0.5) / scale;
  }

  /** The share of dark pixels in one row or column of pixels between two places; a pixel beside it counts too. */
  #share(row, start, end, upright) {
    const limit = upright ? this.#width : this.#height;
    if (row < 1 || row >= limit - 1 || end <= start) return 0;
    const [along, across] = upright ? [this.#width, 1] : [1, this.#width];
    let dark = 0;
    for (let place = start; place <= end; place++) {
      const pixel = place * along + row * across;
      dark += this.#dark[pixel] | this.#dark[pixel - across] | this.#dark[pixel + across];
    }
    return dark / (end - start + 1);
  }
}
