// Figures with sliders. `explore` draws one for any values of its sliders: the build calls it for the values that the page's run
// used, and the page for those that the reader chooses. All above the last paragraph is arithmetic, and touches no page.

// Arithmetic of the topics' scripts, against which the tests hold it -----------------------------------------------------

// A loss without noise: half of (w − best)ᵀ H (w − best), where H is the matrix [[a, b], [b, c]].
const push = ([a, b, c], [x, y], [left, up]) => [a * (x - left) + b * (y - up), b * (x - left) + c * (y - up)]
function excess(matrix, point, best) {
  const [right, above] = push(matrix, point, best)
  return (right * (point[0] - best[0]) + above * (point[1] - best[1])) / 2
}

function descend(matrix, best, start, rate, updates) {
  const path = [start]
  for (let update = 0; update < updates; update++) {
    const [x, y] = path.at(-1), slope = push(matrix, [x, y], best)
    path.push([x - rate * slope[0], y - rate * slope[1]])
  }
  return path
}

// One neuron learns y = x on 101 inputs from 0 to 1; only its first step has a rate of its own. `back`: after how many steps the
// loss is low for the first time.
const LOW = 0.001
function train(slope, firstRate) {
  let weight = 0.5, bias = 0.5, first, loss, back
  for (let step = 0; step < 5000; step++) {
    let squares = 0, forWeight = 0, forBias = 0
    for (let place = 0; place <= 100; place++) {
      const input = place / 100, sum = weight * input + bias
      const error = (sum > 0 ? sum : slope * sum) - input, down = 2 * error * (sum > 0 ? 1 : slope) / 101
      squares += error * error
      forWeight += down * input
      forBias += down
    }
    if (step === 1) first = { weight, bias, highest: Math.max(bias, weight + bias) }
    const rate = step === 0 ? firstRate : 0.1
    weight -= rate * forWeight
    bias -= rate * forBias
    loss = squares / 101
    if (loss < LOW) back ??= step
  }
  return { weight, bias, first, loss, back }
}

const CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]
const TABLES = { and: [0, 0, 0, 1], or: [0, 1, 1, 1], nand: [1, 1, 1, 0], xor: [0, 1, 1, 0] }
const neuron = ([w1, w2, b]) => CORNERS.map(([x1, x2]) => w1 * x1 + w2 * x2 + b > 0 ? 1 : 0)
const right = (outputs, table) => outputs.filter((output, row) => output === TABLES[table][row]).length

// Drawing ------------------------------------------------------------------------------------------------------------------

// Axes with what `draw` puts into them: it is given a function from points to the pixels of the frame. `scale`: of one axis, where
// it begins and ends, its name, and what is marked on it.
function axes(title, size, across, up, draw) {
  const [width, height] = size, left = up.name ? 38 : 22, top = title ? 20 : 6, bottom = across.name ? 36 : 20
  const wide = width - left - 6, high = height - top - bottom
  const pixel = ([x, y]) => [wide * (x - across.from) / (across.to - across.from), high * (up.to - y) / (up.to - up.from)]
  const marks = [
    ...across.marks.map(mark => `<text x="${tenth(left + pixel([mark, 0])[0])}" y="${top + high + 13}" text-anchor="middle">${show(mark)}</text>`),
    ...up.marks.map(mark => `<text x="${left - 4}" y="${tenth(top + pixel([0, mark])[1] + 3.5)}" text-anchor="end">${show(mark)}</text>`),
  ]
  const names = (across.name ? `<text x="${left + wide / 2}" y="${height - 6}" text-anchor="middle">${across.name}</text>` : "")
    + (up.name ? `<text transform="translate(11 ${top + high / 2}) rotate(-90)" text-anchor="middle">${up.name}</text>` : "")
    + (title ? `<text class="title" x="${left + wide / 2}" y="13" text-anchor="middle">${title}</text>` : "")
  // What lies outside of the frame is cut off, since the frame is an image of its own.
  return `<svg viewBox="0 0 ${width} ${height}">${marks.join("")}${names}<svg x="${left}" y="${top}" width="${wide}" height="${high}">`
    + `${draw(pixel)}</svg><rect x="${left}" y="${top}" width="${wide}" height="${high}"/></svg>`
}
const tenth = number => Math.round(Math.max(-9999, Math.min(9999, number)) * 10) / 10
const point = ([x, y]) => `${tenth(x)} ${tenth(y)}`
const line = (kind, points) => `<path class="${kind}" d="M${points.map(point).join("L")}"/>`
const dots = (kind, points) => `<path class="dots ${kind}" d="${points.map(each => `M${point(each)}h0`).join("")}"/>`

// Rings of equal loss, circles that the matrix has stretched and turned, and a star where it is least.
function rings([a, b, c], best, levels, pixel) {
  const side = Math.sqrt(a), slant = b / side, other = Math.sqrt(c - slant * slant)
  const [x, y] = pixel(best), stretched = [[1 / side, 0], [-slant / side / other, 1 / other]].map(([right, up]) => {
    const end = pixel([best[0] + right, best[1] + up])
    return [end[0] - x, end[1] - y]
  })
  const matrix = [...stretched.flat(), x, y].map(number => Math.round(number * 1e4) / 1e4).join(" ")
  const circles = levels.map(level => `<circle r="${Math.round(Math.sqrt(2 * level) * 1e4) / 1e4}"/>`)
  return `<g class="rings" transform="matrix(${matrix})">${circles.join("")}</g><path class="least" transform="translate(${point([x, y])})" d="M0-7 1.7-2.3H6.7L2.7.7 4.1 5.7 0 2.7-4.1 5.7-2.7.7-6.7-2.3H-1.7Z"/>`
}
const levels = (lowest, highest, number) => Array.from({ length: number }, (_, place) => lowest * (highest / lowest) ** (place / (number - 1)))

// A valley, and as much of a path as has been walked.
const valley = (matrix, best, heights, path, pixel) => rings(matrix, best, heights, pixel)
  + line("main", path.map(pixel)) + dots("main", path.map(pixel)) + dots("head", [pixel(path.at(-1))])

// The plane of two inputs, shaded where the neuron puts out 1.
const PLANE = { from: -0.6, to: 1.6, marks: [0, 1] }
function plane(title, size, names, [w1, w2, b], corner) {
  const sum = ([x, y]) => w1 * x + w2 * y + b
  const { from, to } = PLANE, edge = [[from, from], [to, from], [to, to], [from, to]], shaded = [], border = []
  edge.forEach((start, place) => {
    const end = edge[(place + 1) % 4], before = sum(start), after = sum(end)
    if (before > 0) shaded.push(start)
    if (before > 0 !== after > 0) {
      const share = before / (before - after), cut = start.map((value, axis) => value + share * (end[axis] - value))
      shaded.push(cut)
      border.push(cut)
    }
  })
  return axes(title, size, { ...PLANE, name: names.x }, { ...PLANE, name: names.y }, pixel =>
    (shaded.length ? line("shaded", shaded.map(pixel)) : "") + (border.length ? line("border", border.map(pixel)) : "")
    + CORNERS.map((place, row) => corner(row, pixel(place))).join(""))
}

// The figures --------------------------------------------------------------------------------------------------------------

// Each is given what the run left, the values of its sliders and the names of its axes. It returns pictures, the numbers that its
// sentences name, and which of its sentences holds.
const FIGURES = {
  "gradient_descent.learning_rate"({ hessian_entries: [a, b, , c], best, start, edge }, { share }, names) {
    const matrix = [a, b, c], rate = share * edge, updates = 12, path = descend(matrix, best, start, rate, updates)
    const flattest = a + c - 2 / edge
    const picture = axes("", [340, 270], { from: -1.6, to: 3.6, marks: [-1, 0, 1, 2, 3], name: names.x }, { from: -2.6, to: 2.8, marks: [-2, -1, 0, 1, 2], name: names.y },
      pixel => valley(matrix, best, levels(0.02, 30, 10), path, pixel))
    const numbers = { rate, updates, steep: 1 - 2 * share, flat: 1 - rate * flattest, begin: excess(matrix, start, best), end: excess(matrix, path.at(-1), best) }
    return { pictures: [picture], numbers, path, sentence: share <= 0.5 ? "slides" : share < 1 ? "crosses" : share > 1 ? "leaves" : "edge" }
  },

  "gradient_descent.paths"({ hessian_entries: [a, b, , c], best, figure }, { update }, names) {
    return replay(figure, update, [180, 150], { from: -1.6, to: 3.6, marks: [0, 2], name: names.x }, { from: -2.6, to: 2.8, marks: [-2, 0, 2], name: names.y }, [a, b, c], best, levels(0.02, 30, 10))
  },

  "optimizers.paths"({ figure }, { update }, names) {
    return replay(figure, update, [180, 120], { from: -4.5, to: 2.2, marks: [-4, -2, 0, 2], name: names.x }, { from: -1.5, to: 1.5, marks: [-1, 0, 1], name: names.y }, [1, 0, 100], [0, 0], levels(0.05, 100, 9))
  },

  "activation.dying"(given, { slope, first_rate }, names) {
    const { weight, bias, first, loss, back } = train(slope, first_rate)
    const output = input => Math.max(weight * input + bias, 0) + slope * Math.min(weight * input + bias, 0)
    const inputs = Array.from({ length: 101 }, (_, place) => place / 100)
    const picture = axes("", [340, 250], { from: 0, to: 1, marks: [0, 0.5, 1], name: names.x }, { from: -1, to: 1.1, marks: [-1, 0, 1], name: names.y }, pixel =>
      line("zero", [[0, 0], [1, 0]].map(pixel)) + line("aim", [[0, 0], [1, 1]].map(pixel))
      + line("second", [[0, first.bias], [1, first.weight + first.bias]].map(pixel)) + line("main thick", inputs.map(input => pixel([input, output(input)]))))
    const sentence = first.highest > 0 ? "lives" : slope > 0 ? "returns" : "dies"
    return { pictures: [picture], numbers: { highest: first.highest, loss, back, low: String(LOW), steps: 4998 }, sentence }
  },

  "neuron.border"(given, { w1, w2, b }, names) {
    const outputs = neuron([w1, w2, b])
    const corner = (row, [x, y]) => `<circle class="${outputs[row] ? "on" : "off"}" cx="${tenth(x)}" cy="${tenth(y)}" r="12"/>`
      + `<text class="${outputs[row] ? "on" : ""}" x="${tenth(x)}" y="${tenth(y + 4.5)}" text-anchor="middle">${outputs[row]}</text>`
    const rights = Object.fromEntries(Object.keys(TABLES).map(table => [table, right(outputs, table)]))
    const sentence = Object.keys(TABLES).find(table => rights[table] === 4) ?? "none"
    return { pictures: [plane("", [260, 250], names, [w1, w2, b], corner)], numbers: rights, sentence }
  },

  "neuron.learning"({ and_states, xor_states }, { correction }, names) {
    const numbers = {}
    const pictures = [["and", and_states], ["xor", xor_states]].map(([table, states]) => {
      const state = states.slice(3 * correction, 3 * correction + 3)
      numbers[table] = right(neuron(state), table)
      ;[numbers[`${table}_w1`], numbers[`${table}_w2`], numbers[`${table}_b`]] = state
      const corner = (row, [x, y]) => TABLES[table][row] ? `<circle class="one" cx="${tenth(x)}" cy="${tenth(y)}" r="7"/>` : `<rect class="nought" x="${tenth(x - 6.5)}" y="${tenth(y - 6.5)}" width="13" height="13"/>`
      return plane(table.toUpperCase(), [180, 180], names, state, corner)
    })
    return { pictures, numbers, sentence: numbers.and === 4 ? "learned" : "learning" }
  },
}

// What a run drew, up to one of its updates: a panel for each path.
function replay(figure, update, size, across, up, matrix, best, heights) {
  const numbers = {}
  const pictures = figure.map(({ title, x, y }, place) => {
    const path = x.slice(0, update + 1).map((value, step) => [value, y[step]])
    numbers[`loss_${place}`] = excess(matrix, path.at(-1), best)
    return axes(title, size, across, up, pixel => valley(matrix, best, heights, path, pixel))
  })
  return { pictures, numbers, sentence: "after" }
}

// Three digits, a minus that is none of a hyphen, and a power of ten for what is large or small; what is whole stays so.
function show(number) {
  if (typeof number === "string") return number
  const size = Math.abs(number), sign = number < 0 ? "−" : ""
  if (!Number.isFinite(size)) return `${sign}∞`
  if (Number.isInteger(size) && size < 1e4 || size === 0.5) return sign + size
  if (size >= 1e-3 && size < 1e3) return sign + size.toPrecision(3)
  const [digits, power] = size.toExponential(1).split("e")
  return `${sign}${digits} × 10${[...String(Number(power))].map(sign => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]).join("")}`
}

// `about`: the name of a figure, what the run left, the names of the axes, and what is said, with numbers in braces. Sliders show
// their values with as many digits as their steps have.
function explore({ name, given, names, sliders, says }, values) {
  if (!FIGURES[name]) throw new Error(`no figure is called ${name}`)
  const { pictures, numbers, sentence, path } = FIGURES[name](given, values, names)
  const digits = step => String(step).split(".")[1]?.length ?? 0
  const plain = Object.fromEntries(Object.entries(sliders).map(([slider, { step }]) => [slider, values[slider].toFixed(digits(step)).replace("-", "−")]))
  const fill = text => text.replace(/\{(\w+)\}/g, (whole, number) => {
    const value = plain[number] ?? numbers[number]
    if (value === undefined) throw new Error(`${whole} is no number of ${name}: ${Object.keys({ ...plain, ...numbers }).join(", ")}`)
    return show(value)
  })
  if (!says[sentence]) throw new Error(`${name} needs a sentence ${sentence}`)
  return { pictures: pictures.join(""), values: Object.fromEntries(Object.entries(sliders).map(([slider, { value }]) => [slider, fill(value)])), sentence, says: fill(says[sentence]), numbers, path }
}

// In a page: each slider draws anew, and says what it now shows.
if (globalThis.document) for (const figure of document.querySelectorAll("figure.explore")) {
  const about = JSON.parse(figure.dataset.about)
  const inputs = [...figure.querySelectorAll("input")]
  figure.addEventListener("input", () => {
    const shown = explore(about, Object.fromEntries(inputs.map(input => [input.name, input.valueAsNumber])))
    figure.querySelector(".explore-pictures").innerHTML = shown.pictures
    for (const input of inputs) {
      input.ariaValueText = shown.values[input.name]
      input.previousElementSibling.textContent = shown.values[input.name]
    }
    figure.querySelector("output").textContent = shown.says
  })
}
