// Makes the columns of the evidence matrix sortable: each heading is a button, and says which way it sorts.
for (const table of document.querySelectorAll("table.evidence-matrix")) {
  const headings = [...table.tHead.rows[0].cells]
  headings.forEach((heading, column) => {
    heading.firstElementChild.addEventListener("click", () => {
      const direction = heading.ariaSort === "ascending" ? "descending" : "ascending"
      headings.forEach(other => { other.ariaSort = other === heading ? direction : "none" })
      const key = row => row.cells[column].dataset.sort
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        // A run that has not been made yet comes last, either way.
        if (!key(a) || !key(b)) return Boolean(key(b)) - Boolean(key(a))
        const order = key(a).localeCompare(key(b), document.documentElement.lang, { numeric: true })
        return direction === "ascending" ? order : -order
      })
      table.tBodies[0].append(...rows)
    })
  })
}
