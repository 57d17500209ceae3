// What a page does. It takes the place of the theme's own script, which is fifteen times as large, asks for a site map, and adds
// landmarks, links and tab stops without names. Without any script everything can still be read.
const words = document.currentScript.dataset

// The chosen framework, in every set of tabs of the page, and remembered for the others.
document.addEventListener("change", ({ target }) => {
  if (!target.matches(".tabbed-set > input")) return
  const before = target.parentElement.getBoundingClientRect().top
  remembered.set("tabs", [...new Set([target.labels[0].textContent.trim(), ...(remembered.get("tabs") ?? [])])])
  document.querySelectorAll(".tabbed-set").forEach(openChosen)
  // Tabs above may be longer or shorter now: what the reader looks at stays where it is.
  scrollBy({ top: target.parentElement.getBoundingClientRect().top - before, behavior: "instant" })
})

// Colours.
for (const button of document.querySelectorAll("button[data-scheme]"))
  button.addEventListener("click", () => {
    remembered.set("scheme", after(button.dataset.scheme))
    paint()
    document.querySelector("button[data-scheme]:not([hidden])").focus()
  })

// What happened, or did not, is said for two seconds, counted from the last time.
const notice = document.querySelector(".md-dialog")
notice.role = "status"
let silence
function say(text) {
  notice.firstElementChild.textContent = text
  notice.classList.add("md-dialog--active")
  clearTimeout(silence)
  silence = setTimeout(() => notice.classList.remove("md-dialog--active"), 2000)
}

function plain(code) {
  const copy = code.cloneNode(true)
  copy.querySelectorAll("button").forEach(number => number.remove())
  return copy.textContent
}

// A button on each block of code copies it, without the numbers of its notes. What was printed has none: it would cover numbers.
function addCopy(code) {
  if (!navigator.clipboard) return
  const button = document.createElement("button")
  button.className = "md-code__button copy"
  button.type = "button"
  button.dataset.mdType = "copy"
  button.title = words.copy
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(plain(code))
      say(words.copied)
    } catch {
      say(words.refused)
    }
  })
  code.before(button)
}
document.querySelectorAll("pre:not(.language-text > pre) > code").forEach(addCopy)

// A whole script opens below its link, and is fetched only then. From a disk nothing can be fetched: the link opens the file.
for (const link of document.querySelectorAll("ul.download a[href$='.py']")) {
  const button = document.createElement("button")
  button.type = "button"
  button.textContent = link.closest("ul").dataset.view
  button.ariaLabel = `${button.textContent} ${link.textContent}`
  button.ariaExpanded = "false"
  let shown, fetching = false
  button.addEventListener("click", async () => {
    if (fetching) return // Pressed twice on a slow line, it opens one.
    if (!shown) {
      fetching = true
      try {
        const answer = await fetch(link.href)
        if (!answer.ok) throw new Error(answer.statusText)
        const code = document.createElement("code")
        code.textContent = await answer.text()
        code.tabIndex = 0
        shown = document.createElement("pre")
        shown.hidden = true
        shown.append(code)
        addCopy(code)
        link.parentElement.append(shown)
      } catch {
        open(link.href)
        return
      } finally {
        fetching = false
      }
    }
    shown.hidden = !shown.hidden
    button.ariaExpanded = String(!shown.hidden)
  })
  link.after(" ", button)
}

// Notes on code: each gets its number at the end of the line that it quotes, as a button that opens it. One that quotes no line
// stays open.
for (const list of document.querySelectorAll(".code-notes > ol")) {
  const place = list.parentElement.previousElementSibling
  ;[...list.children].forEach((note, index) => {
    const quote = note.querySelector("code")?.textContent
    for (const code of place?.querySelectorAll("pre > code") ?? []) {
      const text = plain(code)
      const start = quote ? text.indexOf(quote) : -1
      if (start < 0) continue
      const end = text.indexOf("\n", start + quote.length - 1)
      const button = document.createElement("button")
      button.className = "code-note"
      button.type = "button"
      button.textContent = index + 1
      button.ariaLabel = `${list.parentElement.dataset.note} ${index + 1}`
      button.ariaExpanded = "false"
      button.addEventListener("click", () => {
        note.hidden = !note.hidden
        for (const each of note.numbers) each.ariaExpanded = String(!note.hidden)
      })
      insertAt(code, end < 0 ? text.length : end, button)
      note.numbers = [...(note.numbers ?? []), button]
      note.hidden = true
    }
  })
}
function insertAt(code, offset, element) {
  // Numbers that are there already are no part of the code's text.
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT, node => node.parentElement.closest("button") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    if (offset <= node.length) {
      node.splitText(offset)
      node.parentNode.insertBefore(element, node.nextSibling)
      return
    }
    offset -= node.length
  }
}

// What is wider than its place can be scrolled from the keyboard.
const mark = element => element.scrollWidth > element.clientWidth ? element.tabIndex = 0 : element.removeAttribute("tabindex")
const places = document.querySelectorAll("pre > code, .md-typeset__scrollwrap, div.arithmatex")
const wide = new ResizeObserver(entries => entries.forEach(({ target }) => mark(target)))
places.forEach(element => wide.observe(element))
// A font that comes late makes a formula wider, and its place not.
document.fonts.addEventListener("loadingdone", () => places.forEach(mark))

// The other language opens at the same section, as far down in it: a heading has another name there, but the same place among
// the headings. The second number of #section-3-250 is in thousandths, down to a line below the header.
const headings = [...document.querySelectorAll(".md-content :is(h1, h2, h3, h4)[id]")]
const LINE = 100
function extent(place) {
  const { top } = headings[place].getBoundingClientRect()
  const end = headings[place + 1] ?? document.querySelector(".page-foot")
  return [top, end.getBoundingClientRect().top - top]
}
const [, arrival, share] = /^#section-(\d+)(?:-(\d+))?$/.exec(location.hash) ?? []
if (share && headings[arrival]) {
  history.replaceState(null, "", `#${headings[arrival].id}`)
  const arrive = () => {
    const [top, height] = extent(Number(arrival))
    scrollBy({ top: top + height * share / 1000 - LINE, behavior: "instant" })
  }
  arrive()
  addEventListener("load", arrive)
} else if (headings[arrival]) location.replace(`#${headings[arrival].id}`)
function fragment() {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return "" // such as #%, or half a character
  }
}
// Where the reader is: at what the address names, as long as that can be seen and no later heading has been reached.
function pointToSection(arrived) {
  const reached = headings.findLast(heading => heading.getBoundingClientRect().top < LINE)
  const named = document.getElementById(fragment())
  const top = named?.getBoundingClientRect().top
  const passed = reached && named?.compareDocumentPosition(reached) & Node.DOCUMENT_POSITION_FOLLOWING
  const here = named && (arrived || top >= 0 && top < innerHeight && !passed) ? named : reached
  const place = headings.indexOf(here)
  // As long as its heading is in sight, a section is where the reader is; later, it is a part of it.
  const [start, length] = place < 0 ? [] : extent(place)
  const part = !arrived && start < -1 ? `-${Math.round((LINE - start) / length * 1000)}` : ""
  // The beginning needs no name, unless it was asked for; what is no heading has the same name in both languages.
  const section = place < 0 ? here && location.hash : place || part || here === named ? `section-${place}${part}` : ""
  for (const link of document.querySelectorAll(".md-header a[hreflang]")) link.hash = section ?? ""
}
addEventListener("hashchange", () => pointToSection(true))
pointToSection(true)

// The table of contents follows the reader; the header names the page once its title is out of sight.
const entries = new Map([...document.querySelectorAll(".md-sidebar--secondary [data-md-component=toc] a")].map(link => [decodeURIComponent(link.hash.slice(1)), link]))
const sections = headings.filter(({ id }) => entries.has(id))
const title = document.querySelector(".md-header__title")
const upwards = document.querySelector(".md-top")
// Where the table of contents stays in sight, its last line reports a fault in the section that is being read.
const contents = document.querySelector(".md-sidebar--secondary .md-sidebar__inner")
const report = document.querySelector(".page-foot .report")
const reportHere = entries.size && report?.cloneNode(true)
if (reportHere) contents?.append(reportHere)
function name(link, id) {
  const address = new URL(report.href)
  address.searchParams.set("page", id ? `${address.searchParams.get("page")}#${id}` : address.searchParams.get("page"))
  link.href = address
}
let height = scrollY
function follow() {
  const current = sections.findLast(heading => heading.getBoundingClientRect().top < LINE)
  for (const [id, link] of entries) {
    const active = id === current?.id
    if (active && !link.ariaCurrent) {
      const list = link.closest(".md-sidebar__scrollwrap")
      list.scrollTop = link.offsetTop - list.clientHeight / 2
    }
    link.classList.toggle("md-nav__link--active", active)
    link.ariaCurrent = active ? "location" : null
  }
  if (reportHere) name(reportHere, current?.id)
  pointToSection()
  title.classList.toggle("md-header__title--active", headings.length && headings[0].getBoundingClientRect().bottom < 48)
  upwards.hidden = scrollY < 600 || scrollY > height
  height = scrollY
}
addEventListener("scroll", () => requestAnimationFrame(follow), { passive: true })
upwards.addEventListener("click", () => {
  scrollTo({ top: 0 })
  // The button goes, and the focus with it: who pressed it goes on from the title, not from the end of the page.
  headings[0].tabIndex = -1
  headings[0].focus({ preventScroll: true })
})

// The menu of narrow screens opens with the label of a hidden checkbox: the keyboard and the ear need a button.
const drawer = document.getElementById("__drawer")
const label = document.querySelector(".md-header [for=__drawer]")
const menu = document.createElement("button")
menu.type = "button"
menu.className = `${label.className} menu`
menu.ariaLabel = words.menu
menu.append(...label.childNodes)
label.replaceWith(menu)
function openMenu(open) {
  drawer.checked = open
  menu.ariaExpanded = String(open)
}
openMenu(false)
// Closed, it takes no focus (extra.css). Opened, it takes it: to the page that is open, in the list that lies on top.
const sidebar = document.querySelector(".md-sidebar--primary")
menu.addEventListener("click", () => {
  openMenu(!drawer.checked)
  const shown = [...sidebar.querySelectorAll("a")].filter(link => link.checkVisibility({ visibilityProperty: true }))
  if (drawer.checked) (shown.find(link => link.matches(".md-nav__link--active")) ?? shown[0])?.focus({ preventScroll: true })
})
drawer.addEventListener("change", () => openMenu(drawer.checked)) // by a click beside the menu
// What is chosen in the menu lies below it; a section that the address names already changes no address.
sidebar.addEventListener("click", ({ target }) => { if (target.closest("a")) openMenu(false) })
addEventListener("hashchange", () => openMenu(false))
addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !drawer.checked) return
  menu.focus() // before what has the focus is hidden
  openMenu(false)
})
document.addEventListener("focusin", ({ target }) => {
  if (drawer.checked && !sidebar.contains(target) && target !== menu) openMenu(false) // It would cover what has the focus.
})

// Paper cannot be unfolded. On the screen, what was folded is folded again.
const folded = []
function fold(part, away) {
  if (part.localName === "details") part.open = !away
  else part.hidden = away
}
addEventListener("beforeprint", () => {
  folded.push(...document.querySelectorAll("details:not([open]), .code-notes [hidden]"))
  folded.forEach(part => fold(part, false))
})
addEventListener("afterprint", () => folded.splice(0).forEach(part => fold(part, true)))
