/** Definitions with everything that edits and the reader must cope with. */
export const definitions: readonly string[] = [
  `# Who looks after this: the platform team

# What it imports
imports: [ base, team/shared ]   # in this order
values:
  # the database
  database:   # primary
    host:   db.example.com
    port: 5432   # the usual one
    password:
      fn::secret:   "hunter2 \\u00e9"  # rotated in May


    replicas:
    - a

    - b   # slow
    # - c
  flow: { x: 1,  y: [ 2, {z: 'it''s'} ] , }
  empty:
  list:
    - name: one
      value: |   # keep me
        line one
          indented

        last
    -   name: two
        # inside
        value: >-
          folded
          text
  date: 2001-01-01
  tagged: !!str 42
  anchored: &anchor yes
  # at the end
other: {}
`,
  `{
  "values": {
    "a": 1,          // not a comment but a key
    "b": [ "x", "y" ], # a comment
    "c": {}
  }
}
`,
  'values:\n    four: spaces\n    sub:\n        - in\n        - out\n    lit: |+\n        keeps\n\n\n    next: 1\n',
  '---\nvalues:\n- - a\n  - b\n- ? complex key\n  : its value\n- [a: b, c]\n...\n# behind\n---\nsecond: document\n',
  'values: {fn::secret: plain}\n# no final line break',
  'values:\r\n  crlf: "yes"\r\n  more: |\r\n    text\r\n',
  'a: \'quoted\n  over lines\'\nb: plain\n  over lines\n\n  and more\nc: "double\\\n  joined"\n',
  '世界:\n  é: "ü" # größer\n  🙂: [ä, ö]\n',
]

const pieces = [
  ...[' ', '  ', '\n', '\n  ', '\n- ', '- ', ': ', ':', '? ', '[', ']', '{', '}', ', ', ' # c\n', '&a ', '*a', '!t '],
  ...['!!int ', '|\n', '>-\n', '"', "'", '\\', '\t', '---\n', '...\n', '%YAML 1.1\n', 'null', 'é', '世', '\u{1f642}'],
  ...[
    '\r\n',
    '\r',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\0',
    '\ud800',
    'fn::secret: ',
    '${a.b',
    '$$',
    '__proto__: ',
    '@',
    '`',
  ],
]

/** Definitions broken in random places; the same for the same seed. */
export function* mutations(count: number, seed: number): Iterable<string> {
  const random = mulberry32(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  for (let i = 0; i < count; i++) {
    let text = definitions[below(definitions.length)]!
    for (let changes = 1 + below(6); changes > 0; changes--) {
      const at = below(text.length + 1)
      const from = below(text.length + 1)
      const kind = random()
      if (kind < 0.5) text = text.slice(0, at) + pieces[below(pieces.length)] + text.slice(at)
      else if (kind < 0.75) text = text.slice(0, at) + text.slice(at + 1 + below(8))
      else text = text.slice(0, at) + text.slice(from, from + below(40)) + text.slice(at)
    }
    yield text
  }
}

/** A small random number generator with a seed (public domain). */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
