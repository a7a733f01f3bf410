// A number as people of a language write it: 1.500 is one and a half thousand in Indonesian, 1.5 in
// English is one and a half. What was read is shown back, so that nobody is misread in silence.

const MARKS = { id: { group: ".", decimal: "," }, en: { group: ",", decimal: "." } };

// Digits of every script, as Unicode has them in rows of ten from a zero.
const digits = (text) =>
  text.normalize("NFKC").replace(/\p{Nd}/gu, (digit) => {
    let zero = digit.codePointAt(0);
    while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1)) && digit.codePointAt(0) - zero < 9) zero -= 1;
    return String(digit.codePointAt(0) - zero);
  });

// What no reader sees, as marking leaves it out of words (itembank/marking.py), and spaces.
const INVISIBLE = /[\s\u00ad\u061c\u180e\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f]/gu;

// The number in a text as 1500 or -12.5; null where it is none.
export function readNumber(text, language) {
  const { group, decimal } = MARKS[language.slice(0, 2)] ?? MARKS.id;
  const plain = digits(text).replace(INVISIBLE, "").replace(/^[\u2212\u2013]/u, "-");
  const [g, d] = [`\\${group}`, `\\${decimal}`];
  const grouped = new RegExp(`^-?[1-9][0-9]{0,2}(${g}[0-9]{3})+(${d}[0-9]+)?$`);
  const simple = new RegExp(`^-?[0-9]+(${d}[0-9]+)?$`);
  // 12.5 can only be meant as a decimal: a group has three digits. So can 0.500: no number begins 0 thousand.
  const other = new RegExp(`^-?(0+${g}[0-9]+|[0-9]+${g}([0-9]{1,2}|[0-9]{4,}))$`);
  let read = null;
  if (grouped.test(plain)) read = plain.replaceAll(group, "").replace(decimal, ".");
  else if (simple.test(plain)) read = plain.replace(decimal, ".");
  else if (other.test(plain)) read = plain.replace(group, ".");
  if (read === null) return null;
  read = read.replace(/^(-?)0+(?=[0-9])/, "$1");
  return /^-?[0-9]{1,15}([.][0-9]{1,15})?$/.test(read) ? read : null;
}

// A number that was read, as the language writes it.
export function showNumber(read, language) {
  const { group, decimal } = MARKS[language.slice(0, 2)] ?? MARKS.id;
  const [whole, part] = read.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, group) + (part ? decimal + part : "");
}
