// Builds elements. Text is always set as text, so nothing from the API is read as HTML.

/**
 * Returns a new element.
 * @param {string} tag its name, with classes after dots: "p.note"
 * @param {object} [properties] attributes; functions named `on...` listen to events
 * @param {...(Node|string|null|undefined|false|Array)} children
 */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

let fields = 0;

/** Returns a labelled field; `hint` and errors are read together with it. */
export function field(label, name, properties = {}, hint = "") {
  const id = `field-${++fields}`;
  const described = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  return h("div.field", { "data-field": name },
    h("label", { for: id }, label),
    h("input", { id, name, "aria-describedby": described, required: true, ...properties }),
    hint && h("p.hint", { id: `${id}-hint` }, hint),
    h("p.error", { id: `${id}-error`, hidden: true }));
}

/** Returns a labelled choice from `[value, label]` pairs. */
export function choice(label, name, options, value, properties = {}) {
  const id = `field-${++fields}`;
  const select = h("select", { id, name, ...properties },
    options.map(([each, text]) => h("option", { value: each }, text)));
  select.value = value;
  return h("div.field", {}, h("label", { for: id }, label), select);
}

/**
 * Returns a form. While `send` runs, its button is disabled, so that it is not sent twice; an
 * error is shown at its field, or above the button.
 */
export function form(button, send, ...children) {
  const problem = h("p.error", { role: "alert", hidden: true });
  const submit = h("button", { type: "submit" }, button);
  const element = h("form", { novalidate: true }, children, problem, submit);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    clear(element);
    problem.hidden = true;
    const empty = [...element.elements].find((each) => each.willValidate && !each.checkValidity());
    if (empty) {
      showAt(element, empty.name, empty.validationMessage);
      return;
    }
    submit.disabled = true;
    try {
      await send(Object.fromEntries(new FormData(element)));
    } catch (error) {
      if (!error.field || !showAt(element, error.field.split(".").pop(), error.message)) {
        problem.textContent = error.message;
        problem.hidden = false;
      }
    } finally {
      submit.disabled = false;
    }
  });
  return element;
}

function clear(element) {
  for (const each of element.querySelectorAll(".field .error")) each.hidden = true;
  for (const each of element.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
}

function showAt(element, name, message) {
  const place = element.querySelector(`[data-field="${CSS.escape(name)}"]`);
  if (!place) return false;
  const text = place.querySelector(".error");
  text.textContent = message;
  text.hidden = false;
  const input = place.querySelector("input");
  input.setAttribute("aria-invalid", "true");
  input.focus();
  return true;
}

/** Returns a button that runs `act` once at a time, and shows its error beside it. */
export function action(label, act, properties = {}) {
  const problem = h("span.error", { role: "alert", hidden: true });
  const button = h("button.plain", {
    type: "button",
    ...properties,
    onclick: async () => {
      button.disabled = true;
      problem.hidden = true;
      try {
        await act();
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      } finally {
        button.disabled = false;
      }
    },
  }, label);
  return h("span.action", {}, button, problem);
}

/** Returns an amount as people write it. The API counts in the currency's minor unit. */
export function money({ amount, currency }) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** Returns a time of the API as people write it. */
export function time(value) {
  const shown = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  return h("time", { datetime: value }, shown.format(new Date(value)));
}
