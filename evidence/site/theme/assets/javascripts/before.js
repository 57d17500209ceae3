// Runs before the page is read, so that what the reader has chosen is there before anything is painted.
document.documentElement.classList.replace("no-js", "js")

const remembered = {
  get(name) { try { return JSON.parse(localStorage.getItem(`verified.${name}`)) } catch { return null } },
  set(name, value) { try { localStorage.setItem(`verified.${name}`, JSON.stringify(value)) } catch {} },
}

// Nothing is painted before all of the text is there, where a browser knows how: a table that is painted row by row moves its
// columns. As an element in the page, this would be no valid HTML yet.
const whole = document.createElement("link")
whole.rel = "expect"
whole.href = "#__footer"
whole.setAttribute("blocking", "render")
document.head.append(whole)

// Opens, in one set of tabs, the one that was chosen last among those that it has.
function openChosen(set) {
  const labels = [...set.querySelectorAll(":scope > .tabbed-labels > label")]
  const chosen = (remembered.get("tabs") ?? []).map(name => labels.find(label => label.textContent.trim() === name)).find(Boolean)
  if (chosen) chosen.control.checked = true
}

// Colours: as the system has them until the reader presses the button, which leads round through the three choices, and first to
// the one that looks different.
const dark = matchMedia("(prefers-color-scheme: dark)")
const scheme = () => remembered.get("scheme") ?? "system"
function after(choice) {
  const round = dark.matches ? ["system", "default", "slate"] : ["system", "slate", "default"]
  return round[(round.indexOf(choice) + 1) % 3]
}
function paint() {
  document.body.dataset.mdColorScheme = scheme() !== "system" ? scheme() : dark.matches ? "slate" : "default"
  for (const button of document.querySelectorAll("button[data-scheme]")) {
    button.hidden = button.dataset.scheme !== scheme()
    button.title = button.ariaLabel = document.querySelector(`button[data-scheme=${after(button.dataset.scheme)}]`)?.dataset.to ?? ""
  }
}
dark.addEventListener("change", paint)
// Who goes back may see the page as the browser has kept it, from before the last choice.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return
  paint()
  document.querySelectorAll(".tabbed-set").forEach(openChosen)
})

new MutationObserver((changes, observer) => {
  for (const { addedNodes } of changes)
    for (const node of addedNodes)
      if (node.className === "tabbed-content") openChosen(node.parentElement)
      else if (node === document.body || node.dataset?.scheme) paint()
  if (document.readyState !== "loading") observer.disconnect()
}).observe(document, { childList: true, subtree: true })
