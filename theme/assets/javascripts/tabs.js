// Material links tabs only where they can be seen: whoever opens a fold finds the framework chosen elsewhere.
document.addEventListener("toggle", event => {
  if (!event.target.open) return
  const chosen = __md_get("__tabs") || []
  for (const set of event.target.querySelectorAll(".tabbed-set")) {
    const labels = [...set.querySelectorAll(":scope > .tabbed-labels > label")]
    const label = chosen.map(name => labels.find(({ textContent }) => textContent.trim() === name)).find(Boolean)
    if (label) label.control.click()
  }
}, true)
