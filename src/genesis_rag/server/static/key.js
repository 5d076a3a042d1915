// Asks a person for the API key; the dialog is in both pages.

const byId = (id) => document.getElementById(id);

/** A promise of the key that a person types; rejected when the dialog is closed without one. */
export function askForKey() {
  const dialog = byId("key-dialog");
  byId("key").value = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    dialog.addEventListener(
      "close",
      () => (byId("key").value ? resolve(byId("key").value) : reject(new DOMException("no key", "AbortError"))),
      { once: true },
    );
  });
}
