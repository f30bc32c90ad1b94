/** A value, and the labels that it has, as `labels` writes them. */
type Sample = readonly [labels: string, value: number]

/** One metric in the text format of Prometheus, version 0.0.4. */
export function metricText(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  return `${head(name, type, help)}${samples.map(([labels, value]) => `${name}${labels} ${value}\n`).join('')}`
}

/** Labels of a sample: `{route="/healthz",status="200"}`. */
export function labels(given: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(given).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** The times that something took, counted in buckets for each set of labels. */
export class Histogram {
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, { readonly counts: number[]; sum: number }>()

  /** @param bounds upper bounds of the buckets, in seconds, the least first. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
  }

  /** @param of labels, as `labels` writes them. */
  observe(of: string, seconds: number): void {
    let series = this.#series.get(of)
    if (series === undefined) {
      series = { counts: new Array(this.#bounds.length + 1).fill(0), sum: 0 }
      this.#series.set(of, series)
    }
    let bucket = 0
    while (bucket < this.#bounds.length && seconds > (this.#bounds[bucket] as number)) bucket++
    series.counts[bucket] = (series.counts[bucket] as number) + 1
    series.sum += seconds
  }

  text(name: string, help: string): string {
    const lines = [...this.#series].map(([of, { counts, sum }]) => {
      const within = (bound: string) => (of === '' ? `{le="${bound}"}` : `${of.slice(0, -1)},le="${bound}"}`)
      let total = 0
      const buckets = counts.map((count, index) => {
        total += count
        return `${name}_bucket${within(String(this.#bounds[index] ?? '+Inf'))} ${total}\n`
      })
      return `${buckets.join('')}${name}_sum${of} ${sum}\n${name}_count${of} ${total}\n`
    })
    return `${head(name, 'histogram', help)}${lines.join('')}`
  }
}

function head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
