// What every page must hold, told by the page itself as it is shown. Returns sentences about what
// does not.
const faults = [];
const name = (node) => {
  const words = node.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
  return `<${node.tagName.toLowerCase()}> ${JSON.stringify(words)}`;
};

// Colors as the browser computed them; what is partly transparent lies on what is behind it.
const color = (text) => {
  const parts = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
  return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
};
const over = (front, back) => front.rgb.map((c, i) => c * front.alpha + back[i] * (1 - front.alpha));
const ground = (node) => {
  const layers = [];
  for (let at = node; at; at = at.parentElement) {
    const layer = color(getComputedStyle(at).backgroundColor);
    if (layer.alpha > 0) layers.push(layer);
    if (layer.alpha === 1) break;
  }
  const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  return layers.reverse().reduce((back, layer) => over(layer, back), canvas);
};
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};

const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text = walker.nextNode(); text; text = walker.nextNode()) {
  const node = text.parentElement;
  const box = node.getBoundingClientRect();
  if (!text.data.trim() || box.width < 2 || box.height < 2 || !node.checkVisibility()) continue;
  if (node.closest("script, style, title, option")) continue;
  const style = getComputedStyle(node);
  // What stands on a drawn shape is read against it.
  const drawn = node.closest("svg") && node.parentElement.querySelector("circle, rect, path, polygon");
  const shape = drawn && drawn.getBoundingClientRect();
  const on = shape && box.left >= shape.left - 2 && box.right <= shape.right + 2
    && box.top >= shape.top - 2 && box.bottom <= shape.bottom + 2;
  const fill = on ? color(getComputedStyle(drawn).fill) : null;
  const back = fill ? over(fill, ground(node)) : ground(node);
  const shown = node.closest("svg") ? style.fill : style.color;
  const ratio = contrast(over(color(shown), back), back);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: ${name(node)}`);
}

for (const field of document.querySelectorAll("input, select, textarea")) {
  if (field.type === "hidden") continue;
  if (!field.labels?.length && !field.getAttribute("aria-label")) {
    faults.push(`no label: ${field.outerHTML.slice(0, 80)}`);
  }
}
for (const node of document.querySelectorAll("button, a[href], summary")) {
  if (!node.textContent.trim() && !node.getAttribute("aria-label")) {
    faults.push(`no name: ${node.outerHTML.slice(0, 80)}`);
  }
}
for (const svg of document.querySelectorAll("svg:not([aria-hidden])")) {
  const told = svg.getAttribute("aria-label") || svg.getAttribute("aria-labelledby");
  if (!told) faults.push("a drawing that is told in no words");
}

const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
for (const id of ids.filter((id, at) => ids.indexOf(id) !== at)) faults.push(`two are called ${id}`);

const levels = [...document.querySelectorAll("h1, h2, h3, h4")]
  .filter((node) => node.checkVisibility())
  .map((node) => Number(node.tagName[1]));
if (levels.filter((level) => level === 1).length !== 1) faults.push("not one first heading");
levels.forEach((level, at) => {
  if (at > 0 && level > levels[at - 1] + 1) faults.push(`a heading of level ${level} comes too early`);
});

const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (wide > 1) {
  // The innermost that its contents stick out of.
  const widest = [...document.querySelectorAll("body *")]
    .filter((node) => node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1)
    .filter((node) => !node.closest(".scroll"))
    .map((node) => `${node.tagName.toLowerCase()} ${node.className} ${node.textContent.trim().slice(0, 80)}`);
  faults.push(`the page is ${wide} px wider than the window: ${widest.pop()}`);
}
return faults;
