// Small means of drawing, and the page's sentences.

export const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").textContent);
export const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
export const make = (tag, values = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), values);
  node.append(...children);
  return node;
};
// Markup was cleaned when it entered the bank.
export const markup = (tag, html, values = {}) => make(tag, { ...values, innerHTML: html });
export const textOf = (html) => markup("div", html).textContent;
