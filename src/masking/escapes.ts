// The larger tables are functions: most commands never need them, and every command
// would make them at its start.

/** Writes one character, neither letter nor digit of ASCII, is written. */
export type Escape = (char: string) => string

const same: Escape = (char) => char

/** Escapes what another has escaped: JSON in HTML is `within(json, html)`. */
function within(inner: Escape, outer: Escape): Escape {
  return (char) => Array.from(inner(char), (each) => (/^[A-Za-z0-9]$/.test(each) ? each : outer(each))).join('')
}

function table(entries: Readonly<Record<string, string>>, otherwise: Escape = same): Escape {
  return (char) => entries[char] ?? otherwise(char)
}

/** Each of these characters stands with something before it. */
function prefixed(chars: string, prefix: string, otherwise: Escape = same): Escape {
  return (char) => (chars.includes(char) ? prefix + char : otherwise(char))
}

function doubled(chars: string, otherwise: Escape = same): Escape {
  return (char) => (chars.includes(char) ? char + char : otherwise(char))
}

type Hex = (number: number, digits: number) => string

function hexLower(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0')
}

function hexUpper(number: number, digits: number): string {
  return hexLower(number, digits).toUpperCase()
}

const HEX: readonly Hex[] = [hexLower, hexUpper]

function code(char: string): number {
  return char.codePointAt(0) as number
}

function bytesOf(char: string, write: (byte: number) => string): string {
  return Array.from(Buffer.from(char, 'utf8'), write).join('')
}

const NOT_ASCII = /[^\x20-\x7e]/
const CONTROL = /[\0-\x1f\x7f]/

// JSON

const json: Escape = (char) => JSON.stringify(char).slice(1, -1)

/** The sets of characters that encoders of JSON write as `\uXXXX`. */
const unicodeEscaped = (): RegExp[] => [
  // Go, Rails: safe in HTML.
  /[<>&\u2028\u2029]/,
  // Gson.
  /[<>&='\u2028\u2029]/,
  // Python, jq -a, PHP.
  NOT_ASCII,
  // Django, and PHP with JSON_HEX_TAG and JSON_HEX_AMP.
  /[<>&]|[^\x20-\x7e]/,
  // PHP with all its JSON_HEX_ options.
  /[<>&'"]|[^\x20-\x7e]/,
  // .NET.
  /[<>&'"+`]|[^\x20-\x7e]/,
  // Whatever is neither letter nor digit.
  /[^A-Za-z0-9]/,
]

function* jsonEscapes(): Generator<Escape> {
  yield json
  yield prefixed('/', '\\', json)
  for (const hex of HEX) {
    for (const escaped of unicodeEscaped()) {
      const unicode: Escape = (char) => (escaped.test(char) && !isShort(json(char)) ? units(char, hex) : json(char))
      yield unicode
      yield prefixed('/', '\\', unicode)
      yield (char) => (escaped.test(char) || CONTROL.test(char) ? units(char, hex) : json(char))
    }
  }
}

/** Such as `\n`. Quotes are not meant: some encoders write them in hex. */
function isShort(escaped: string): boolean {
  return /^\\[bfnrt]$/.test(escaped)
}

/** UTF-16 code units, as JSON escapes them. */
function units(char: string, hex: Hex): string {
  return Array.from({ length: char.length }, (_, i) => `\\u${hex(char.charCodeAt(i), 4)}`).join('')
}

// String literals of programming languages

/** The characters that string literals, and shells, escape with a backslash. */
const BACKSLASHED = ['\\', `\\'`, '\\"', `\\'"`, '\\"$`', '\\"$`!', '\\$`', '\\`']

const LINES = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
/** Literals of several lines, and texts in which only what is not ASCII is escaped. */
const RAW_LINES = { '\n': '\n', '\r': '\r', '\t': '\t' }
const CONTROLS = { ...LINES, '\b': '\\b', '\f': '\\f', '\v': '\\v', '\x07': '\\a', '\x1b': '\\e', '\0': '\\0' }

/** Writes whatever in string literals is not printable ASCII. */
function* unprintables(): Generator<Escape> {
  yield same
  for (const lettered of [LINES, CONTROLS, { ...CONTROLS, '\x1b': '\\E' }, RAW_LINES, {}]) {
    yield table(lettered)
    // `$'…'` of bash.
    yield table(lettered, (char) => bytesOf(char, (byte) => `\\${byte.toString(8).padStart(3, '0')}`))
    for (const hex of HEX) {
      // Go, Rust, JavaScript's inspect: only control characters.
      yield table(lettered, (char) => (CONTROL.test(char) ? `\\x${hex(code(char), 2)}` : char))
      // Bytes in C and Python.
      yield table(lettered, (char) => bytesOf(char, (byte) => `\\x${hex(byte, 2)}`))
      // Code points in Python, and in YAML between double quotes.
      yield table(lettered, (char) => {
        const point = code(char)
        if (point <= 0xff) return `\\x${hex(point, 2)}`
        return point <= 0xffff ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`
      })
      yield table(lettered, (char) => `\\u{${hex(code(char), 0)}}`)
    }
  }
}

function* literalEscapes(): Generator<Escape> {
  for (const unprintable of unprintables()) {
    for (const chars of BACKSLASHED)
      yield prefixed(chars, '\\', (char) => (NOT_ASCII.test(char) ? unprintable(char) : char))
  }
}

// URLs

/** Characters, beside letters and digits, that encoders of URLs leave as they are. */
const unencodedSets = (): string[] => [
  // encodeURIComponent of JavaScript.
  "-_.~!*'()",
  // RFC 3986.
  '-_.~',
  // PHP.
  '-_.',
  // Forms of browsers, Java.
  '-_.*',
  // quote of Python.
  '-_.~/',
  // url.UserPassword, url.PathEscape and url.URL of Go.
  '-_.~$&+,;=',
  '-_.~$&+=:@',
  '-_.~$&+,/:;=@',
  // encodeURI of JavaScript.
  "-_.~!*'();/?:@&=+$,#",
  // User names and passwords, paths, queries and fragments in the URL class of browsers and Node.
  "-_.~!$%&'()*+,",
  "-_.~!$%&'()*+,/:;=@[\\]|^",
  "-_.~!$%&'()*+,/:;=@[\\]|",
  '-_.~!$%&()*+,/:;=@[\\]^|`{}?',
  "-_.~!$%&'()*+,/:;=@[\\]^|{}?#",
  '',
]

function percent(unencoded: string, hex: Hex): Escape {
  return (char) => (unencoded.includes(char) ? char : bytesOf(char, (byte) => `%${hex(byte, 2)}`))
}

function* urlEscapes(): Generator<Escape> {
  for (const hex of HEX) {
    for (const unencoded of unencodedSets()) {
      const encode = percent(unencoded, hex)
      yield encode
      yield table({ ' ': '+' }, encode)
    }
  }
  // Of quoted-printable, what one line holds.
  yield (char) => (NOT_ASCII.test(char) || char === '=' ? bytesOf(char, (byte) => `=${hexUpper(byte, 2)}`) : char)
}

// HTML and XML

type Entities = Readonly<Record<string, string>>

const APOSTROPHES = ["'", '&#39;', '&#039;', '&#x27;', '&apos;']
const QUOTES = ['"', '&quot;', '&#34;', '&#034;', '&#x22;']
const NAMED: Entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const tagEntities = (): readonly Entities[] => [
  NAMED,
  { '&': '&amp;', '<': '&lt;' },
  { '&': '&amp;' },
  {},
  { '&': '&#38;', '<': '&#60;', '>': '&#62;' },
  { '&': '&#x26;', '<': '&#x3C;', '>': '&#x3E;' },
  { '&': '&#x26;', '<': '&#x3c;', '>': '&#x3e;' },
]
/**
 * Characters that some encoders add: OWASP's, Underscore, Handlebars, Mustache,
 * Go; and line breaks in XML.
 */
const moreEntities = (): readonly Entities[] => [
  { '/': '&#x2F;' },
  { '/': '&#x2f;' },
  { '/': '&#47;' },
  { '`': '&#x60;' },
  { '`': '&#x60;', '=': '&#x3D;' },
  { '/': '&#x2F;', '`': '&#x60;', '=': '&#x3D;' },
  { '`': '&#96;', '=': '&#61;' },
  { '+': '&#43;' },
  { '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' },
  { '\n': '&#xA;', '\r': '&#xD;', '\t': '&#x9;' },
  { '\r': '&#13;' },
  { '\r': '&#xD;' },
]
const NUMERIC: readonly Escape[] = [
  (char) => `&#${code(char)};`,
  (char) => `&#x${hexUpper(code(char), 0)};`,
  (char) => `&#x${hexLower(code(char), 0)};`,
]

/** The ways of writing quotes and tags, and with the usual ways also more. */
function* markupEscapes(): Generator<Escape> {
  const allTags = tagEntities()
  const allMore = moreEntities()
  for (const apostrophe of APOSTROPHES) {
    for (const quote of QUOTES) {
      const quotes = { "'": apostrophe, '"': quote }
      for (const tags of allTags) yield table({ ...quotes, ...tags })
      for (const more of allMore) yield table({ ...quotes, ...NAMED, ...more })
      for (const numeric of NUMERIC)
        yield table({ ...quotes, ...NAMED }, (char) => (char > '\x7f' ? numeric(char) : char))
    }
  }
  yield* NUMERIC
  // Quotes, tags and the rest in the same way.
  for (const numeric of NUMERIC) yield (char) => (/[&<>"']|[^\0-\x7f]/.test(char) ? numeric(char) : char)
}

/** Quotes doubled, and what shells and templates do. */
function* quotedEscapes(): Generator<Escape> {
  // SQL, YAML, PowerShell; CSV, C#; names in MySQL.
  for (const quotes of ["'", '"', `'"`, '`']) {
    yield doubled(quotes)
    // SQL where a backslash escapes.
    yield doubled(`\\${quotes}`)
    yield doubled(`\\${quotes}`, table(CONTROLS))
  }
  // Compose files and make; systemd and crontab; both.
  for (const chars of ['$', '%', '$%']) yield doubled(chars)
  // PowerShell; cmd.
  yield prefixed('"$`', '`')
  yield prefixed('&<>|^', '^')
  // Single quotes of shells.
  yield table({ "'": `'\\''` })
  yield table({ "'": `'"'"'` })
  // Words of shells without quotes.
  yield backslashedExcept(/[_\-.,:/@\n]/)
  // `printf %q` and `set -x` of bash, each with its own list of what is safe.
  yield backslashedExcept(/[\w\-.,:/@%+=\u0080-\uffff]/)
  yield backslashedExcept(/[\w\-.:/@%+=\u0080-\uffff]/)
}

function backslashedExcept(safe: RegExp): Escape {
  return (char) => (safe.test(char) ? char : `\\${char}`)
}

/** Texts that are escaped twice: JSON in log lines, pages, forms and tables. */
function* nestedEscapes(): Generator<Escape> {
  yield within(json, json)
  yield within(within(json, json), json)
  for (const outer of quotedEscapes()) yield within(json, outer)
  for (const hex of HEX) {
    for (const unencoded of unencodedSets().slice(0, 3)) {
      const url = percent(unencoded, hex)
      yield within(json, url)
      yield within(json, table({ ' ': '+' }, url))
      yield within(url, url)
    }
  }
  for (const apostrophe of APOSTROPHES) {
    for (const quote of QUOTES) {
      const html = table({ "'": apostrophe, '"': quote, ...NAMED })
      yield within(json, html)
      yield within(html, html)
      for (const hex of HEX)
        yield within(html, (char) => (/[<>&]/.test(char) ? `\\u${hex(code(char), 4)}` : json(char)))
    }
  }
}

/** Ways in which programs write texts. Many agree on most characters. */
export function allEscapes(): readonly Escape[] {
  return [
    ...jsonEscapes(),
    ...literalEscapes(),
    ...urlEscapes(),
    ...markupEscapes(),
    ...quotedEscapes(),
    ...nestedEscapes(),
  ]
}
