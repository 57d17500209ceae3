// The search dialog, over the index that `python -m evidence.search` makes with Pagefind. Nothing is fetched before the first query.
"use strict" // Without it, functions in a block are seen outside of it, and one is called like window.open.
{
  const dialog = document.querySelector("dialog.search")
  const input = dialog.querySelector("input")
  const status = dialog.querySelector(".search-status")
  const list = dialog.querySelector(".search-results")
  const elsewhere = dialog.querySelector(".search-elsewhere")
  const button = document.querySelector(".search-button")
  const keys = dialog.querySelector(".search-keys input")
  const words = { ...dialog.dataset }

  const root = new URL(words.root, location.href).href
  const index = { zh: "en-zh", en: "en" }[document.documentElement.lang]
  const PAGES = 10 // shown
  const SECTIONS = 3 // shown of a page
  const SOURCES = { zh: "来源", en: "Sources" }[document.documentElement.lang] // the section that comes last
  const EXCERPT = { zh: 60, en: 28 }[document.documentElement.lang] // words
  // What a question says besides what it is about: rare on the pages, it would weigh the most.
  const ASKING = new RegExp([
    "(?:对结果)?有(?:什么|多大)影响|什么是|是什么(?:意思|原因)?|为什么(?:会|要|用)?|有?什么|(?:应?该)?怎么(?:办|样|解决|选|算|用|看出?)?|怎样|如何|哪个好?|哪些|多少|选?多大(?:合适)?|一直|请问|有没有|要不要|应该|但是|不一样|[吗呢]",
    "\\b(?:what(?:['’]s)?|how(?: many| much| large)?|why|which|when|where|explained|an?|the|my|i|we|you|me|it|its|that|there|this|about|but|so|if|is|are|was|be|am|do|does|did|can|could|should|would|need|have|has|any|see|show|choose|fix|wrong|happens?|matters?|not|to|of|out|in|on|at|by|for|with|and|or|too)\\b",
  ].join("|"), "gi")
  const HAN = "[\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff]"

  // What `cut` in evidence/search/__init__.py has done to the text is done to the query, and undone for an excerpt.

  /** Return the runs of Chinese characters and of other letters and digits in a query. */
  function split(query) {
    const word = `(?:(?!${HAN})[\\p{L}\\p{N}])+`
    const piece = `${HAN}+|\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?(?!\\d)|${word}(?:_+${word}|\\.\\p{N}+)*`
    const runs = query.normalize("NFKC").match(new RegExp(piece, "gu")) ?? []
    // Pagefind would find whatever begins with a letter; only a query that is nothing else means it.
    const longer = runs.filter(run => !/^[a-z]$/i.test(run))
    return longer.length ? longer : runs
  }

  /** Return the words of a run: of Chinese characters, every pair of neighbours. */
  const pairs = run => new RegExp(`${HAN}{2}`).test(run) ? [...run].slice(1).map((_, i) => run.slice(i, i + 2)) : [run.toLowerCase().replaceAll(",", "")]

  /** Return the words of a query in their order. */
  const cut = query => split(query).flatMap(pairs)

  /** Return the text of a word of the index, with the space that follows it, if any. */
  const text = word => word.replace(new RegExp(`(${HAN})${HAN}`), "$1").replace(/\u2060$|$/, end => (end ? "" : " "))

  /** Return the text of words that spaces part. */
  const whole = words => words.split(/\s+/).map(text).join("").trim()

  // Pagefind -----------------------------------------------------------------------------------------------------------

  let engine // a promise of how to ask Pagefind's worker

  const onDisk = location.protocol === "file:" // where evidence/search/offline.py has put the worker and its files into one script
  const script = name => new Promise((resolve, reject) =>
    document.head.append(element("script", { src: `${root}pagefind/${name}`, onload: resolve, onerror: reject })))

  /** Return what a query is about, or all of it where nothing else is left. */
  const subject = query => (/[\p{L}\p{N}]/u.test(query.replace(ASKING, "")) ? query.replace(ASKING, " ") : query)

  /** Return a query in the characters and words of the pages, where traditional Chinese has others. */
  async function simplified(query) {
    if (!new RegExp(HAN).test(query)) return query
    if (!self.traditional) await script("traditional.js")
    return query.replace(new RegExp(Object.keys(self.traditional).join("|"), "g"), written => self.traditional[written])
  }

  async function load() {
    if (onDisk) await script("offline.js")
    const answers = new Map()
    const worker = new Worker(onDisk ? self.searchWorker : `${root}pagefind/pagefind-worker.js`)
    const failed = new Promise((_, reject) => worker.addEventListener("error", reject))
    let lose
    const lost = new Promise((_, reject) => { lose = reject })
    lost.catch(() => {}) // Whoever asks next is told.
    worker.addEventListener("message", ({ data: { id, result, error, lost } }) => {
      if (lost) return lose(new Error(lost))
      const [resolve, reject] = answers.get(id)
      answers.delete(id)
      error ? reject(new Error(error)) : resolve(result)
    })
    const ask = (method, ...args) => {
      const answer = new Promise((resolve, reject) => {
        const id = crypto.getRandomValues(new Uint32Array(1))[0]
        answers.set(id, [resolve, reject])
        worker.postMessage({ id, method, args })
      })
      return Promise.race([lost, failed, answer])
    }
    // Pagefind would add so much for a word of the title that no other word counts.
    const ranking = { metaWeights: { title: 0, terms: 6 } }
    await ask("init", { basePath: `${root}pagefind/`, language: index, ranking })
    return ask
  }

  /** Return the results for each word. For one that no word begins like, Pagefind gives those of the longest that it begins with, if only a letter. */
  async function lookUp(ask, sought) {
    const [found, exact] = await Promise.all(["", '"'].map(quote =>
      Promise.all(sought.map(async word => (await ask("search", quote + word + quote, {})).results))))
    for (const [i, word] of sought.entries()) {
      // A name in code, a number or an abbreviation is itself, and the beginning of others only where no page has it.
      if (/_|^[\p{N}.]+$|^[a-z]{1,3}$/u.test(word) && exact[i].length) {
        const ids = new Set(exact[i].map(({ id }) => id))
        found[i] = found[i].filter(({ id }) => ids.has(id))
      }
      if (!found[i].length || exact[i].length) continue
      const { raw_content, weighted_locations, meta } = await ask("getData", found[i][0].data)
      const content = raw_content.split(/\s+/)
      const matches = [...weighted_locations.map(({ location }) => content[location]), ...Object.values(meta).flatMap(text => text.split(/\s+/))]
      const begin = word.slice(0, Math.ceil(word.length * 2 / 3)) // of a word that is still being typed, or ends in another way
      if (!matches.some(match => cut(match).some(part => part.startsWith(begin)))) found[i] = []
    }
    return found
  }

  /** Return the stretches of a run of Chinese characters that no pair found is part of, or of other characters the run, if it is not found. */
  function gaps(run, has) {
    const parts = pairs(run)
    if (parts[0] === run || parts.length === 1) return parts.every(has) ? [] : [run]
    return [...run].map((character, i) => ([i - 1, i].some(at => parts[at] && has(parts[at])) ? " " : character)).join("").match(/[^ ]+/g) ?? []
  }

  /** Return how many letters have to be put in, left out, replaced or swapped with a neighbour to make one word of the other. */
  function slips(written, name) {
    let [before, row] = [[], [...Array(name.length + 1).keys()]]
    for (let i = 1; i <= written.length; i++) {
      const next = [i]
      for (let j = 1; j <= name.length; j++) {
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (written[i - 1] !== name[j - 1]))
        const swapped = written[i - 1] === name[j - 2] && written[i - 2] === name[j - 1]
        if (swapped) next[j] = Math.min(next[j], before[j - 2] + 1)
      }
      [before, row] = [row, next]
    }
    return row[name.length]
  }

  let known // the words that names of pages and terms are made of

  /** Return the one of them that a run of a query is a slip of, if there is one. */
  async function meant(run) {
    const han = new RegExp(HAN).test(run)
    const allowed = han ? Number(run.length > 2) : run.length > 7 ? 2 : Number(run.length > 3)
    if (!allowed || /\d|_/.test(run)) return
    if (!self.names) await script(`names.${document.documentElement.lang}.js`)
    known ??= [...new Set(self.names.flatMap(split).map(name => name.toLowerCase()))]
    if (known.includes(run.toLowerCase())) return
    // In Chinese one more character is one more word; a slip is another one in its place.
    const near = known.filter(name => !han || name.length === run.length)
      .map(name => ({ name, far: slips(run.toLowerCase(), name) })).filter(({ far }) => far <= allowed)
    const first = ({ name }) => Number(name[0] !== run[0].toLowerCase()) // Few mistake the first letter.
    return near.sort((a, b) => a.far - b.far || first(a) - first(b))[0]?.name
  }

  /** Return the best pages for a query: title, address, and the best sections, each with heading, anchor and excerpt. Also the parts of it that no page has, and the query with their slips mended, if that is another. */
  async function find(typed) {
    engine ??= load()
    const [ask, query] = await Promise.all([engine, simplified(typed).then(subject)])
    const runs = split(query)
    const sought = [...new Set(runs.flatMap(pairs))]
    const pages = new Map()
    const found = await lookUp(ask, sought)
    const has = word => found[sought.indexOf(word)]?.length > 0
    const unmet = [...new Set(runs.flatMap(run => gaps(run, has)))]
    // A single character may begin another pair; of a name in code that no page has, a page may have the parts.
    const parts = unmet.flatMap(run => (run.includes("_") ? run.toLowerCase().split(/_+/) : [...run].length === 1 && !sought.includes(run) ? [run] : []))
    const further = [...new Set(parts)].filter(part => part && !sought.includes(part))
    found.push(...await lookUp(ask, further))
    sought.push(...further)
    const missing = unmet.filter(run => !/^[a-z]{1,2}$/i.test(run) && !has(run))
    found.forEach((results, order) => {
      for (const { id, score, data } of results) {
        if (!pages.has(id)) pages.set(id, [])
        pages.get(id).push({ score, data, order })
      }
    })
    // A page that has all the words comes before one that has some of them more often; a rare word counts for more.
    const worth = found.map(results => Math.log((pages.size + 1) / Math.max(1, results.length)))
    const sum = numbers => numbers.reduce((total, number) => total + number, 0)
    const share = hits => sum(hits.map(({ order }) => worth[order])) / sum(worth)
    const most = Math.max(...[...pages.values()].map(share))
    const best = [...pages.values()]
      .filter(hits => share(hits) >= most / 2)
      .map(hits => ({ hits, score: sum(hits.map(({ score, order }) => score * worth[order])) * share(hits) ** 2 }))
      .sort((a, b) => b.score - a.score)
    const together = new Set() // the runs that a page has as they are, and not only the pairs of
    const shown = await Promise.all(best.slice(0, PAGES).map(async ({ hits, score }) => {
      const answers = []
      // One after the other: Pagefind keeps one object for a page, and writes into it what each asks for.
      for (const { data } of hits) answers.push(await ask("getData", data))
      const places = hits.map(({ score, order }, i) => ({ score: score * worth[order], order, locations: answers[i].weighted_locations }))
      for (const run of runs) if (phrase(places, pairs(run).map(word => sought.indexOf(word)), true)) together.add(run)
      const { anchors, meta } = answers[0]
      const names = whole(meta.terms ?? "").split("|").map(name => name.split("#"))
      // The section that a name of it leads to.
      const aimed = names.filter(([, anchor]) => anchor).map(([name, anchor]) => ({ anchor, like: likeness([name], sought) }))
        .sort((a, b) => b.like - a.like).find(({ like }) => like >= 0.5)
      const title = whole(meta.title).split(/[:：]/)
      const made = page(answers[0], places, aimed?.anchor)
      const ofPage = likeness([...title, ...names.filter(([, anchor]) => !anchor).map(([name]) => name)], sought)
      const explained = Math.max(ofPage, aimed?.like ?? 0)
      if (aimed?.like > ofPage) made.best += `#${encodeURIComponent(aimed.anchor)}`
      const headed = likeness(anchors.map(({ text }) => whole(text)), sought)
      return { ...made, score: score * (1 + (explained === 1 ? 64 : 8 * explained ** 2) + 2 * headed ** 2 + 4 * phrase(places, cut(query).map(word => sought.indexOf(word)))) }
    }))
    let mended = query
    for (const run of runs) if (!together.has(run)) mended = mended.replace(run, await meant(run) ?? run)
    return { count: best.length, missing, mended: mended !== query && mended.trim(), pages: shown.sort((a, b) => b.score - a.score) }
  }

  /** Return how often neighbours in the query, a row of places in the list of words, are neighbours on the page, from 0 to 1; a heading counts twice. Of a run, `all` have to be. */
  function phrase(places, row, all = false) {
    const at = []
    for (const order of [...row, ...places.map(({ order }) => order)]) at[order] ??= new Map()
    for (const { order, locations } of places) for (const { location, weight } of locations) at[order].set(location, Math.min(weight, 2))
    const neighbours = row.length > 1 ? row.slice(1).map((next, i) => [at[row[i]], at[next]]) : [[at[row[0]]]]
    const shares = neighbours.map(([here, next]) => {
      let times = 0
      for (const [location, weight] of here) if (!next || next.has(location + 1) || next.has(location + 2)) times += weight
      return times / (times + 3)
    })
    return all ? Math.min(...shares) : shares.reduce((sum, share) => sum + share, 0) / shares.length
  }

  /** Return how much of the query and of one of the names is the same, from 0 to 1. */
  function likeness(names, sought) {
    return Math.max(0, ...names.map(name => {
      const words = [...new Set(cut(subject(name)))]
      return words.filter(word => sought.includes(word)).length / new Set([...words, ...sought]).size
    }))
  }

  function page({ raw_url, raw_content, anchors, meta }, hits, aimed) {
    const content = raw_content.split(/\s+/).map(word => word.replaceAll("&lt;", "<").replaceAll("&gt;", ">"))
    const starts = anchors.filter(({ element }) => /^h\d$/.test(element)).sort((a, b) => a.location - b.location)
    const all = hits.reduce((sum, { score }) => sum + score, 0)
    const sections = starts.map(({ id, text: heading, location: start }, i) => {
      const end = starts[i + 1]?.location ?? content.length
      const marks = new Map() // location → what its word is worth
      let [score, met] = [0, 0]
      for (const hit of hits) {
        const inside = hit.locations.filter(({ location }) => start <= location && location < end)
        if (inside.length) {
          score += hit.score * Math.max(...inside.map(({ weight }) => weight))
          met += hit.score
        }
        for (const { location, weight } of inside) marks.set(location, hit.score * weight)
      }
      const body = start + heading.split(/\s+/).length
      score *= met / all // A section that has all the words comes before one that has one of them in its heading.
      const title = whole(heading)
      const place = id === aimed ? 1 : title === SOURCES ? -1 : 0
      return { id, score, place, top: i === 0, heading: title, excerpt: excerpt(content, body, end, marks) }
    })
    sections.sort((a, b) => b.place - a.place || b.score - a.score)
    const having = sections.filter(({ score, place }) => score || place > 0)
    const address = root + raw_url.slice(1) + (onDisk && raw_url.endsWith("/") ? "index.html" : "")
    return {
      title: whole(meta.title),
      address,
      best: address, // what Enter opens
      sections: having.filter(({ place }) => place >= 0 || having.length === 1).slice(0, SECTIONS),
    }
  }

  /** Return the stretch of words from `start` to `end` that has the most of the query: pieces of text, marked or not. */
  function excerpt(content, start, end, marks) {
    const worth = from => {
      let sum = 0
      for (let i = from; i < Math.min(from + EXCERPT, end); i++) sum += marks.get(i) ?? 0
      return sum
    }
    let from = start
    for (const location of marks.keys()) {
      const candidate = Math.max(start, Math.min(location - 5, end - EXCERPT))
      if (location >= start && worth(candidate) > worth(from)) from = candidate
    }
    const pieces = []
    const add = (text, marked = false) => {
      if (pieces.at(-1)?.marked === marked) pieces.at(-1).text += text
      else if (text) pieces.push({ text, marked })
    }
    if (from > start) add("…")
    for (let i = from; i < Math.min(from + EXCERPT, end); i++) {
      // A pair of Chinese characters is found at the first of them.
      const marked = marks.has(i) || (marks.has(i - 1) && new RegExp(`${HAN}${HAN}`).test(content[i - 1]))
      const [, before, core, after] = text(content[i]).match(/^([^\p{L}\p{N}]*)(.*?)([^\p{L}\p{N}]*)$/su)
      add(before)
      add(core, marked)
      add(after)
    }
    if (from + EXCERPT < end) add("…")
    return pieces
  }

  // The dialog ---------------------------------------------------------------------------------------------------------

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties)
    made.append(...children)
    return made
  }

  function link(address, heading, excerpt, page) {
    return element("a", { href: address },
      element("strong", { className: page ? "search-page" : "" }, heading),
      ...excerpt.map(({ text, marked }) => (marked ? element("mark", {}, text) : text)))
  }

  let best // the address that Enter opens: of the first page, or of its section that the query names
  let waiting = false // for results, to open the best of them
  function show({ count, missing, mended, pages }) {
    const how = count === 0 ? words.none : count === 1 ? words.one : words.other
    status.textContent = how.replace("#", count) + (count && missing.length ? words.missing.replace("#", missing.join(words.comma)) : "")
    if (mended) {
      const [before, after] = words.meant.split("#")
      status.append(before, element("button", { type: "button" }, mended), after)
    }
    elsewhere.hidden = count > 0
    best = pages[0]?.best
    list.replaceChildren(...pages.map(({ title, address, sections }) => {
      // What stands before the first section is shown with the page itself.
      const top = sections.find(({ top }) => top)
      const links = sections.filter(({ top }) => !top).map(({ id, heading, excerpt }) =>
        element("li", {}, link(`${address}#${encodeURIComponent(id)}`, heading, excerpt)))
      return element("li", {}, link(address, title, top?.excerpt ?? [], true), ...(links.length ? [element("ul", {}, ...links)] : []))
    }))
  }

  let latest = 0
  async function search() {
    const current = ++latest
    const query = input.value.trim()
    elsewhere.hidden = true
    best = undefined
    waiting = false
    list.ariaBusy = String(cut(query).length > 0)
    if (list.ariaBusy === "false") {
      status.textContent = query && words.signs
      list.replaceChildren()
      return
    }
    // Once the index is here, results come sooner than anyone could read this.
    const slow = setTimeout(() => { if (current === latest) status.textContent = words.searching }, 150)
    try {
      const results = await find(query)
      if (current !== latest) return
      show(results)
      if (waiting && best) go(best)
    } catch (error) {
      engine = undefined // The next query tries again.
      if (current !== latest) return
      status.textContent = words.failed
      list.replaceChildren()
    } finally {
      clearTimeout(slow)
      if (current === latest) list.ariaBusy = "false"
    }
  }

  // Who comes back from a result finds the others again: this entry of the browser's history remembers the query.
  let left = false // by a result, and not closed
  const remember = query => history.replaceState({ ...history.state, query }, "")

  /** Note what was looked for, for this page and for the one that is opened, and close the dialog. */
  function leave(address) {
    left = true
    remember(input.value)
    remembered.set("sought", [new URL(address, location.href).href, split(subject(input.value))])
    dialog.close()
    if (address === location.href) unfold() // The page stays, and its address too: nothing else would tell.
  }

  function go(address) {
    leave(address)
    location.href = address
  }

  function comeBack() {
    const query = history.state?.query
    if (!query || dialog.open) return
    input.value = query
    dialog.showModal()
    search()
  }

  /** Open the folds of the section arrived at that alone have what was looked for. */
  function unfold() {
    const [address, runs] = remembered.get("sought") ?? []
    if (address !== location.href) return
    remembered.set("sought", null)
    const anchor = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
    const heading = anchor || document.querySelector("article h1")
    if (!heading) return
    const headings = [...document.querySelectorAll("article :is(h1, h2, h3, h4)")]
    const next = headings[headings.indexOf(heading) + 1]
    const inside = part => heading.compareDocumentPosition(part) & 4 && (!next || next.compareDocumentPosition(part) & 2)
    const parts = [...document.querySelectorAll("article :is(p, li, td, pre, details)")].filter(inside)
    for (const run of runs) {
      const having = parts.filter(part => part.textContent.toLowerCase().includes(run.toLowerCase()))
      const folds = having.map(part => part.closest("details:not([open])"))
      if (folds.length && folds.every(fold => fold)) folds[0].open = true
    }
  }

  function open() {
    if (!dialog.open) dialog.showModal()
    input.focus()
    input.select()
  }

  // While Chinese is being composed, the field holds letters that nobody looks for.
  input.addEventListener("input", event => event.isComposing || search())
  input.addEventListener("compositionend", search)
  dialog.querySelector("form").addEventListener("submit", event => {
    event.preventDefault()
    waiting = list.ariaBusy === "true"
    if (waiting) return
    if (best) go(best)
    else status.querySelector("button")?.click()
  })
  // A query to try, or the one typed with its slips mended.
  dialog.addEventListener("click", ({ target }) => {
    if (!target.matches("p > button")) return
    input.value = target.textContent
    input.focus()
    search()
  })
  button.addEventListener("click", open)
  dialog.querySelector(".search-close").addEventListener("click", () => dialog.close())
  // A press beside it closes it; not one on its own ground, which on a phone is all of the screen, nor one that began within.
  let beside = false
  dialog.addEventListener("pointerdown", ({ clientX, clientY }) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect()
    beside = clientX < left || clientX > right || clientY < top || clientY > bottom
  })
  dialog.addEventListener("click", event => {
    const chosen = event.target.closest("a")
    const apart = event.ctrlKey || event.metaKey || event.shiftKey // in another tab or window, while this one stays
    if (chosen && !apart) leave(chosen.href)
    if (event.target === dialog && beside) dialog.close()
  })
  dialog.addEventListener("keydown", event => {
    const links = [input, ...dialog.querySelectorAll("p > button, p > a, .search-results a")].filter(link => link.getClientRects().length)
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const next = links[links.indexOf(document.activeElement) + step]
    if (step && !event.isComposing) {
      event.preventDefault()
      next?.focus()
    }
  })
  dialog.addEventListener("close", () => {
    if (!left) remember(undefined)
    left = waiting = false
  })
  addEventListener("pageshow", comeBack)
  addEventListener("popstate", () => (history.state?.query ? comeBack() : dialog.close()))
  addEventListener("hashchange", unfold)
  unfold()
  // Who speaks to the device, or strikes keys by mistake, has no use for keys that act alone.
  function useKeys(wanted) {
    keys.checked = wanted
    button.querySelector("kbd").hidden = !wanted
    button.setAttribute("aria-keyshortcuts", `${wanted ? "/ s " : ""}Control+K Meta+K`)
  }
  const recall = () => useKeys(remembered.get("keys") ?? true)
  recall()
  addEventListener("pageshow", recall) // kept by the browser since before the last choice
  keys.addEventListener("change", () => {
    remembered.set("keys", keys.checked)
    useKeys(keys.checked)
  })
  document.addEventListener("keydown", event => {
    // For a moment, the field of the dialog has the focus after the dialog is closed.
    const typing = event.target !== input && event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")
    const asked = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)
    const short = keys.checked && ["/", "s"].includes(event.key) && !typing && !event.ctrlKey && !event.metaKey && !event.altKey
    if (!dialog.open && (asked || short)) {
      event.preventDefault()
      open()
    }
  })
}
